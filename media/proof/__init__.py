"""Proof: can it be shown later that a record was there, and is unchanged?  Merkle log, chains, signatures, seals."""

from media.proof.envelope import load_or_create_master_key, new_data_key, seal, unseal, unwrap, wrap
from media.proof.keys import key_id, private_bytes, read_private
from media.proof.leaf import LEAF_DIGEST, new_salt, salted_leaf
from media.proof.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    new_nodes,
    node_hash,
    root,
    root_at,
    verify_consistency,
    verify_inclusion,
)
from media.proof.record import ChainFinding, ChainLink, check_chain, record_sha256
from media.proof.signature import (
    ES256,
    DeviceKey,
    new_device_key,
    p256_verifier,
    read_public_jwk,
    sign_p256,
    verify_p256,
    verify_signature,
)

__all__ = [
    "EMPTY_ROOT",
    "ES256",
    "LEAF_DIGEST",
    "ChainFinding",
    "ChainLink",
    "DeviceKey",
    "check_chain",
    "consistency_proof",
    "inclusion_proof",
    "key_id",
    "leaf_hash",
    "load_or_create_master_key",
    "new_data_key",
    "new_device_key",
    "new_nodes",
    "new_salt",
    "node_hash",
    "p256_verifier",
    "private_bytes",
    "read_private",
    "read_public_jwk",
    "record_sha256",
    "root",
    "root_at",
    "salted_leaf",
    "seal",
    "sign_p256",
    "unseal",
    "unwrap",
    "verify_consistency",
    "verify_inclusion",
    "verify_p256",
    "verify_signature",
    "wrap",
]

// Seals who reported something before the form leaves this machine. The fields of a person have no name, so that no
// browser can send them; what is sent is the sealed text alone, which only the discipline organ's key file opens.

const PADDED_BYTES = 2048;
const MOST_BYTES = 16 * PADDED_BYTES;
const INFO = "shidi reporter identity";

const utf8 = (text) => new TextEncoder().encode(text);
const base64url = (buffer) =>
  btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/** The text of `identity`, sealed to a public key; `media/proof/identity.py` makes and opens the same. */
export async function sealIdentity(kid, publicJwk, identity) {
  const ecdh = { name: "ECDH", namedCurve: "P-256" };
  const theirs = await crypto.subtle.importKey("jwk", publicJwk, ecdh, false, []);
  const ours = await crypto.subtle.generateKey(ecdh, true, ["deriveBits"]);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, ours.privateKey, 256);
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const material = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt, info: utf8(INFO) };
  const key = await crypto.subtle.deriveKey(how, material, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const box = { name: "AES-GCM", iv, additionalData: utf8(kid) };
  const ciphertext = await crypto.subtle.encrypt(box, key, padded(identity));
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", ours.publicKey);
  return JSON.stringify({
    shidi: "reporter-identity/1",
    kid,
    epk: { kty, crv, x, y },
    salt: base64url(salt),
    iv: base64url(iv),
    ciphertext: base64url(ciphertext),
  });
}

function padded(identity) {
  const plain = utf8(JSON.stringify(identity));
  const size = Math.ceil(plain.length / PADDED_BYTES) * PADDED_BYTES;
  if (size > MOST_BYTES) throw new RangeError("too long");
  const whole = new Uint8Array(size).fill(0x20);
  whole.set(plain);
  return whole;
}

function watch(form) {
  const fields = [...form.querySelectorAll("[data-part]")];
  const sealed = form.elements.sealed_identity;
  const trouble = form.querySelector("[data-trouble]");
  form.querySelector("button").disabled = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.hidden = true;
    const said = fields.filter((field) => field.value.trim());
    try {
      if (said.length) {
        const identity = Object.fromEntries(said.map((field) => [field.dataset.part, field.value.trim()]));
        sealed.value = await sealIdentity(form.dataset.kid, JSON.parse(form.dataset.jwk), identity);
      }
    } catch {
      trouble.hidden = false;
      trouble.focus();
      return;
    }
    for (const field of fields) field.value = "";
    form.submit();
  });
}

for (const form of document.querySelectorAll("form[data-kid]")) watch(form);

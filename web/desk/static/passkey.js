// Makes or uses a passkey, puts its answer into the form, and sends the form as any other.

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function ask(form) {
  const body = new FormData(form);
  const answer = await fetch(form.dataset.options, { method: "POST", body, credentials: "same-origin" });
  if (!answer.ok || !answer.headers.get("Content-Type").startsWith("application/json")) throw new Error("refused");
  return answer.json();
}

async function made(options) {
  options.challenge = bytes(options.challenge);
  options.user.id = bytes(options.user.id);
  for (const one of options.excludeCredentials || []) one.id = bytes(one.id);
  const key = await navigator.credentials.create({ publicKey: options });
  return whole(key, { attestationObject: text(key.response.attestationObject) });
}

async function used(options) {
  options.challenge = bytes(options.challenge);
  for (const one of options.allowCredentials || []) one.id = bytes(one.id);
  const key = await navigator.credentials.get({ publicKey: options });
  const { authenticatorData, signature, userHandle } = key.response;
  return whole(key, {
    authenticatorData: text(authenticatorData),
    signature: text(signature),
    userHandle: userHandle ? text(userHandle) : null,
  });
}

function whole(key, response) {
  return JSON.stringify({
    id: key.id,
    rawId: text(key.rawId),
    type: key.type,
    response: { clientDataJSON: text(key.response.clientDataJSON), ...response },
    clientExtensionResults: key.getClientExtensionResults(),
  });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    if (form.elements.answer.value) return;
    event.preventDefault();
    const trouble = form.querySelector("[role=alert]");
    trouble.hidden = true;
    try {
      const options = await ask(form);
      form.elements.answer.value = await (form.dataset.passkey === "make" ? made(options) : used(options));
      form.requestSubmit();
    } catch (error) {
      trouble.hidden = false;
    }
  });
}
if (window.PublicKeyCredential) {
  for (const part of document.querySelectorAll("[data-needs-passkeys]")) part.hidden = false;
}

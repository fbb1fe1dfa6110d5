/**
 * Security keys and passkeys: asks the browser for a new one (data-security-key="create") or for an answer of one that
 * is known ("get"), and sends it with the form. The options stand beside it as JSON; bytes in them are base64url.
 */

function toBytes(text) {
  const padded = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(padded), (letter) => letter.charCodeAt(0));
}

function toText(buffer) {
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function withBytes(options) {
  const keys = (list) => list?.map((key) => ({ ...key, id: toBytes(key.id) }));
  const read = { ...options, challenge: toBytes(options.challenge) };
  if (options.user) {
    read.user = { ...options.user, id: toBytes(options.user.id) };
    read.excludeCredentials = keys(options.excludeCredentials);
  } else {
    read.allowCredentials = keys(options.allowCredentials);
  }
  return read;
}

function asJson(credential) {
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const response = {};
  for (const part of parts) {
    if (credential.response[part]) {
      response[part] = toText(credential.response[part]);
    }
  }
  return JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  });
}

async function ask(form) {
  const refused = form.querySelector("[data-refused]");
  refused.hidden = true;
  const options = JSON.parse(document.getElementById(form.dataset.options).textContent);
  try {
    const publicKey = withBytes(options.publicKey);
    form.elements.credential.value = asJson(await navigator.credentials[form.dataset.securityKey]({ publicKey }));
  } catch {
    refused.hidden = false; // cancelled, timed out, or a key that is set up already
    return;
  }
  form.submit();
}

for (const form of document.querySelectorAll("form[data-security-key]")) {
  // A key belongs to a host name: there is none for an address in numbers.
  const hasName = !/^[\d.]+$|:/.test(location.hostname);
  const isPossible = Boolean(hasName && navigator.credentials && window.PublicKeyCredential);
  form.querySelector("[data-impossible]").hidden = isPossible;
  form.querySelector("button[type=submit]").disabled = !isPossible;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(form);
  });
}

// Asks the browser for a passkey and sends what it answers as an ordinary form. Passkeys do not work without a script;
// every page that has this has another way beside it.
const RENEW_MS = 4 * 60 * 1000;

const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const named = (list) => (list ?? []).map((each) => ({ ...each, id: toBytes(each.id) }));

async function askServer(form) {
  const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
  const response = await fetch(form.dataset.options, { method: "POST", body });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

function forCreation(options) {
  return {
    ...options,
    challenge: toBytes(options.challenge),
    user: { ...options.user, id: toBytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials),
  };
}

function forUse(options) {
  return { ...options, challenge: toBytes(options.challenge), allowCredentials: named(options.allowCredentials) };
}

function asJson(credential) {
  const { response } = credential;
  const parts = { clientDataJSON: toText(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) parts[name] = toText(response[name]);
  }
  if (response.getTransports) parts.transports = response.getTransports();
  const { id, type, authenticatorAttachment } = credential;
  return JSON.stringify({ id, rawId: id, type, authenticatorAttachment, response: parts });
}

class PasskeyForm {
  constructor(form) {
    this.form = form;
    this.state = form.querySelector("[data-passkey-state]");
    this.waiting = null;
  }

  say(key) {
    this.state.textContent = this.form.dataset[key];
  }

  // The browser would refuse: a passkey belongs to one name, and this is another way to the same locker.
  sendElsewhere() {
    const link = document.createElement("a");
    link.href = link.textContent = this.form.dataset.origin;
    this.state.replaceChildren(`${this.form.dataset.tElsewhere} `, link);
  }

  send(credential) {
    this.form.elements[this.form.dataset.field].value = asJson(credential);
    // Past the listener below, which would ask again.
    HTMLFormElement.prototype.submit.call(this.form);
  }

  async use() {
    this.waiting?.abort();
    this.state.textContent = "";
    try {
      const options = await askServer(this.form);
      const credential =
        this.form.dataset.passkey === "create"
          ? await navigator.credentials.create({ publicKey: forCreation(options) })
          : await navigator.credentials.get({ publicKey: forUse(options) });
      this.send(credential);
    } catch (problem) {
      this.explain(problem);
      this.offer();
    }
  }

  explain(problem) {
    if (problem.name === "NotAllowedError" || problem.name === "AbortError") this.say("tCancelled");
    else if (problem.name === "InvalidStateError") this.say("tThere");
    else this.say("tFailed");
  }

  // Among what the browser offers in the field for the address, where it can do that.
  async offer() {
    if (!("autofill" in this.form.dataset)) return;
    if (!(await window.PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    const waiting = (this.waiting = new AbortController());
    // The challenge is good for five minutes: a page left open longer asks for another one.
    const renewal = setTimeout(() => {
      waiting.abort();
      this.offer();
    }, RENEW_MS);
    try {
      const publicKey = forUse(await askServer(this.form));
      this.send(await navigator.credentials.get({ publicKey, mediation: "conditional", signal: waiting.signal }));
    } catch {
      // Nobody chose a passkey, which needs no words.
    } finally {
      clearTimeout(renewal);
    }
  }
}

export function start(form) {
  const passkey = new PasskeyForm(form);
  if (location.origin !== form.dataset.origin) {
    passkey.sendElsewhere();
    return;
  }
  const known = Boolean(window.PublicKeyCredential && navigator.credentials);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (known) passkey.use();
    else passkey.say("tUnknown");
  });
  form.querySelector("button").disabled = false;
  if (known) passkey.offer();
}

// Progress, cancel and drag-and-drop for <form data-upload>. The form itself is an ordinary one: without this file it
// is sent by the browser, and the answer of the server is the same page in both cases.
import { say } from "./say.js";

class Upload {
  constructor(form) {
    this.form = form;
    this.box = form.querySelector("[data-upload-state]");
    this.text = form.querySelector("[data-upload-text]");
    this.percent = form.querySelector("[data-upload-percent]");
    this.bar = form.querySelector("[data-upload-bar]");
    this.stop = form.querySelector("[data-upload-cancel]");
    this.request = null;
  }

  show(key, kind = "") {
    this.box.hidden = false;
    this.box.className = `upstate ${kind}`;
    this.text.textContent = this.form.dataset[key];
    if (key !== "tSending") {
      this.percent.textContent = "";
      say(this.form.dataset[key]);
    }
  }

  progress(done, total) {
    const percent = total ? Math.floor((done / total) * 100) : 0;
    this.bar.value = percent;
    this.percent.textContent = `${percent}%`;
    // All bytes are out, but nothing is stored until the server answers.
    if (done === total) this.show("tSent");
  }

  send(submitter) {
    const body = new FormData(this.form);
    if (submitter?.name) body.append(submitter.name, submitter.value);
    const request = (this.request = new XMLHttpRequest());
    request.open("POST", this.form.action);
    request.upload.addEventListener("progress", (event) => this.progress(event.loaded, event.total));
    request.addEventListener("load", () => this.answered());
    request.addEventListener("error", () => this.ended("tFailed", "bad"));
    request.addEventListener("abort", () => this.ended("tCancelled"));
    this.show("tSending");
    this.progress(0, 1);
    this.stop.hidden = false;
    this.form.setAttribute("aria-busy", "true");
    request.send(body);
  }

  // The request followed redirects, so its answer is already the page to show. Asking for that page again would lose
  // the messages on it, which are shown once.
  answered() {
    const { responseURL, response, status } = this.request;
    const page = new DOMParser().parseFromString(response, "text/html");
    const main = page.getElementById("main");
    if (!main) {
      this.ended("tFailed", "bad");
      return;
    }
    if (status < 400 && responseURL !== location.href) history.pushState(null, "", responseURL);
    document.title = page.title;
    document.getElementById("main").replaceWith(document.adoptNode(main));
    window.htmx?.process(main);
    main.querySelectorAll("form[data-upload]").forEach(start);
    (main.querySelector("[data-focus]") ?? main).focus();
    scrollTo(0, 0);
  }

  ended(key, kind) {
    this.request = null;
    this.form.removeAttribute("aria-busy");
    this.bar.value = 0;
    this.stop.hidden = true;
    this.show(key, kind);
  }
}

function showPicked(drop, input) {
  const list = drop.querySelector("[data-picked]");
  const names = [...input.files].map((file) => {
    const line = document.createElement("li");
    line.textContent = file.name;
    return line;
  });
  list.replaceChildren(...names);
  list.hidden = names.length < 2;
}

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
const currentDrop = () => document.querySelector("form[data-upload] [data-drop]");

function takeFiles(drop, files) {
  const input = drop.querySelector("input[type=file]");
  const taken = new DataTransfer();
  for (const file of [...files].slice(0, input.multiple ? undefined : 1)) taken.items.add(file);
  input.files = taken.files;
  showPicked(drop, input);
  input.focus();
}

// Files may be dropped anywhere on the page.
addEventListener("dragover", (event) => {
  if (!carriesFiles(event) || !currentDrop()) return;
  event.preventDefault();
  currentDrop().classList.add("over");
});
addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) currentDrop()?.classList.remove("over");
});
addEventListener("drop", (event) => {
  const drop = currentDrop();
  if (!carriesFiles(event) || !drop) return;
  event.preventDefault();
  drop.classList.remove("over");
  takeFiles(drop, event.dataTransfer.files);
});

export function start(form) {
  const upload = new Upload(form);
  for (const drop of form.querySelectorAll("[data-drop]")) {
    const input = drop.querySelector("input[type=file]");
    input.addEventListener("change", () => showPicked(drop, input));
  }
  upload.stop.addEventListener("click", () => upload.request?.abort());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!upload.request) upload.send(event.submitter);
  });
}

// After an upload the address changed without a page load: going back has to load.
addEventListener("popstate", () => location.reload());

/** The upload form with drag and drop and a sending bar. Without this file the form works as it stands. */

function enhance(form) {
  const input = form.querySelector("input[type=file]");
  const zone = form.querySelector("[data-drop]");
  const chosen = form.querySelector("[data-chosen]");

  function showNames() {
    const names = Array.from(input.files, (file) => file.name);
    if (names.length) chosen.textContent = names.join(", ");
  }

  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("is-normal");
    });
  }
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("is-normal"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    input.files = event.dataTransfer.files;
    showNames();
  });
  input.addEventListener("change", showNames);
  form.addEventListener("submit", (event) => {
    if (!input.files.length) return;
    event.preventDefault();
    send(form);
  });
}

function send(form) {
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
  request.upload.addEventListener("progress", (sent) => {
    if (sent.lengthComputable) showProgress(form, sent.loaded / sent.total);
  });
  request.addEventListener("load", () => finish(form, request));
  request.addEventListener("error", () =>
    showRefusal(form, form.dataset.lost || "The connection was lost while sending."),
  );
  setSending(form, true);
  showProgress(form, 0);
  request.send(new FormData(form));
}

function finish(form, request) {
  if (request.status === 200) {
    try {
      location.assign(JSON.parse(request.responseText).url);
    } catch {
      location.reload(); // signed out meanwhile: the answer is the sign-in page
    }
    return;
  }
  if ((request.getResponseHeader("Content-Type") || "").startsWith("text/plain")) {
    showRefusal(form, request.responseText); // refused before it was read
    return;
  }
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  const error = page.querySelector(".errorlist, .notice.is-critical");
  showRefusal(form, error ? error.textContent.trim() : `Error ${request.status}`);
}

function setSending(form, isSending) {
  form.querySelector("[data-sending]").hidden = !isSending;
  form.querySelector("button[type=submit]").disabled = isSending;
}

function showProgress(form, share) {
  const percent = Math.round(100 * share);
  const bar = form.querySelector("[data-sending] .bar");
  bar.querySelector("span").style.width = `${percent}%`;
  bar.setAttribute("aria-valuenow", percent);
  form.querySelector("[data-sent]").textContent = percent;
}

function showRefusal(form, text) {
  setSending(form, false);
  form.querySelector("[data-chosen]").textContent = text;
}

document.querySelectorAll("form[data-upload]").forEach(enhance);

// The upload form with drag and drop and a sending bar. Without this file the form works as it stands.
(function () {
  "use strict";
  document.querySelectorAll("form[data-upload]").forEach((form) => {
    const input = form.querySelector("input[type=file]");
    const zone = form.querySelector("[data-drop]");
    const chosen = form.querySelector("[data-chosen]");
    const sending = form.querySelector("[data-sending]");
    const button = form.querySelector("button[type=submit]");

    function show() {
      const names = Array.from(input.files, (file) => file.name);
      if (names.length) chosen.textContent = names.join(", ");
    }

    ["dragenter", "dragover"].forEach((name) => zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("is-normal");
    }));
    ["dragleave", "drop"].forEach((name) => zone.addEventListener(name, () => zone.classList.remove("is-normal")));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      input.files = event.dataTransfer.files;
      show();
    });
    input.addEventListener("change", show);

    function progress(share) {
      const percent = Math.round(100 * share);
      sending.querySelector(".bar > span").style.width = percent + "%";
      sending.querySelector(".bar").setAttribute("aria-valuenow", percent);
      sending.querySelector("[data-sent]").textContent = percent;
    }

    function refuse(text) {
      sending.hidden = true;
      button.disabled = false;
      chosen.textContent = text;
    }

    form.addEventListener("submit", (event) => {
      if (!input.files.length) return;
      event.preventDefault();
      const request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
      request.upload.addEventListener("progress", (sent) => sent.lengthComputable && progress(sent.loaded / sent.total));
      request.addEventListener("load", () => {
        if (request.status === 200) {
          try {
            location.assign(JSON.parse(request.responseText).url);
            return;
          } catch {
            location.reload(); // signed out meanwhile: the answer is the sign-in page
            return;
          }
        }
        const page = new DOMParser().parseFromString(request.responseText, "text/html");
        const error = page.querySelector(".errorlist, .notice.is-critical");
        refuse(error ? error.textContent.trim() : "Error " + request.status);
      });
      request.addEventListener("error", () => refuse(form.dataset.lost || "The connection was lost while sending."));
      sending.hidden = false;
      button.disabled = true;
      progress(0);
      request.send(new FormData(form));
    });
  });
})();

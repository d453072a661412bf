// Drawing and reading QR codes. Where the browser reads codes itself it is asked; else a decoder is loaded, once.

import { html, nothing, svg } from "../../vendor/lit-html.js";
import { redraw, tell } from "./state.js";
import { button } from "./parts.js";
import { t } from "./words.js";

const EVERY_MS = 250;
const QUIET = 4;
const LONGEST_EDGE_PX = 1200;
let camera = null;

/** A QR code as a drawing, or nothing while its encoder is still loading. */
export function code(text, label) {
  if (!(text in drawn)) draw(text);
  const path = drawn[text];
  if (!path) return nothing;
  return html`<svg class="qr" viewBox="0 0 ${path.size} ${path.size}" role="img" aria-label=${label}>
    ${svg`<rect class="qr-ground" width=${path.size} height=${path.size}></rect><path d=${path.d}></path>`}</svg>`;
}

const drawn = {};

async function draw(text) {
  drawn[text] = null;
  const { default: encodeQR } = await import("../../vendor/qr/index.js");
  const cells = encodeQR(text, "raw", { border: QUIET });
  const d = cells.map((line, y) => line.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")).join("")).join("");
  drawn[text] = { d, size: cells.length };
  redraw();
}

/** The buttons that read a code: from the camera's stream, or from a photo of it; `begun` is called at the tap. */
export function scanner(text, found, begun = () => {}) {
  const look = () => {
    begun();
    return film(found);
  };
  const pick = (event) => {
    begun();
    return readPhoto(event.target, found);
  };
  return html`<section class="scanner" aria-label=${text}>
    ${camera ? html`<video autoplay muted playsinline .srcObject=${camera.stream} aria-label=${t("scan.picture")}></video>${button(t("scan.stop"), closeScanner)}`
      : html`<div class="stack">${button(text, look)}
        <label class="button"><span>${t("scan.photo")}</span><input type="file" accept="image/*" capture="environment" class="unseen" @change=${pick}></label></div>`}
  </section>`;
}

/** Lets go of the camera. */
export function closeScanner() {
  if (!camera) return;
  camera.stream.getTracks().forEach((track) => track.stop());
  camera = null;
  redraw();
}

async function film(found) {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    camera = { stream };
    redraw();
    const reader = await decoder();
    const own = camera;
    while (camera === own) {
      const video = document.querySelector(".scanner video");
      const text = video && video.readyState >= 2 ? await reader(video, video.videoWidth, video.videoHeight) : null;
      if (text) {
        closeScanner();
        found(text);
      } else {
        await new Promise((resume) => setTimeout(resume, EVERY_MS));
      }
    }
  } catch (trouble) {
    closeScanner();
    tell("bad", t("scan.no_camera"));
  }
}

async function readPhoto(input, found) {
  const [file] = input.files;
  input.value = "";
  if (!file) return;
  try {
    const picture = await createImageBitmap(file);
    const text = await (await decoder())(picture, picture.width, picture.height);
    if (text) found(text);
    else tell("bad", t("scan.nothing"));
  } catch (trouble) {
    tell("bad", t("scan.nothing"));
  }
}

/** Something that reads the code in a picture: (picture, width, height) -> text or null. */
async function decoder() {
  if (typeof BarcodeDetector !== "undefined" && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (picture) => ((await detector.detect(picture))[0] || { rawValue: null }).rawValue;
  }
  const { default: decodeQR } = await import("../../vendor/qr/decode.js");
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  return async (picture, width, height) => {
    const shrink = Math.min(1, LONGEST_EDGE_PX / Math.max(width, height));
    canvas.width = Math.round(width * shrink);
    canvas.height = Math.round(height * shrink);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    try {
      return decodeQR(pen.getImageData(0, 0, canvas.width, canvas.height));
    } catch (unreadable) {
      return null;
    }
  };
}

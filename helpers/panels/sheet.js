// A sheet of 28 by 28 pixels to draw on. The strokes, lists of [x, y] in pixels, are the widget's value; Python does the rest.
const PIXELS = 28, SCALE = 8, PEN = 2, EVERY = 150;  // milliseconds between two messages to Python
const KEYS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};

function render({model, el}) {
  const canvas = document.createElement("canvas"), hint = document.createElement("div"), brush = canvas.getContext("2d");
  canvas.width = canvas.height = PIXELS * SCALE;
  canvas.style.cssText = "border: 1px solid #888; touch-action: none; cursor: crosshair";
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", "sheet to draw a digit on: arrow keys move the pen, space sets it down and lifts it");
  hint.textContent = "Draw here. Keys: arrows move, space draws.";
  hint.style.cssText = "font-size: small; line-height: 1.4";
  el.setAttribute("data-lm-suppress-shortcuts", "true");  // else JupyterLab takes the arrow keys
  el.append(canvas, hint);

  let strokes = [], drawing = false, pen = [14, 14], timer = null;

  function paint() {
    brush.fillStyle = "black";
    brush.fillRect(0, 0, canvas.width, canvas.height);
    Object.assign(brush, {strokeStyle: "white", lineWidth: PEN * SCALE, lineCap: "round", lineJoin: "round"});
    for (const stroke of strokes) {
      brush.beginPath();
      brush.moveTo(stroke[0][0] * SCALE, stroke[0][1] * SCALE);
      stroke.forEach(([x, y]) => brush.lineTo(x * SCALE, y * SCALE));  // of a single point this makes a dot
      brush.stroke();
    }
    if (document.activeElement === canvas || el.getRootNode().activeElement === canvas) {
      Object.assign(brush, {strokeStyle: "#D55E00", lineWidth: drawing ? 4 : 2});
      brush.beginPath();
      brush.arc(pen[0] * SCALE, pen[1] * SCALE, SCALE, 0, 7);
      brush.stroke();
    }
  }

  function tell() {
    clearTimeout(timer);
    timer = null;
    model.set("value", strokes);
    model.save_changes();
  }

  function to(point, begin) {
    pen = point.map((one) => Math.round(10 * Math.min(PIXELS, Math.max(0, one))) / 10);
    if (begin) strokes = [...strokes, [pen]];
    else if (drawing) strokes = [...strokes.slice(0, -1), [...strokes.at(-1), pen]];
    if (drawing && timer === null) timer = setTimeout(tell, EVERY);
    paint();
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width * PIXELS, (event.clientY - box.top) / box.height * PIXELS];
  }

  function lift() {
    if (!drawing) return;
    drawing = false;
    tell();
    paint();
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    drawing = true;
    to(place(event), true);
  });
  canvas.addEventListener("pointermove", (event) => event.buttons && drawing && to(place(event)));
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, lift);
  canvas.addEventListener("keydown", (event) => {
    if (event.key === " ") {
      if (drawing) lift();
      else to(pen, drawing = true);
    } else if (KEYS[event.key]) to([pen[0] + KEYS[event.key][0], pen[1] + KEYS[event.key][1]]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  canvas.addEventListener("focus", paint);
  canvas.addEventListener("blur", () => { lift(); paint(); });
  const follow = () => { if (!drawing) { strokes = model.get("value"); paint(); } };
  model.on("change:value", follow);
  follow();
}

export default {render};

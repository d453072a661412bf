// Adds what this very device gives, one line for each press: open this page on the phone that is to be tried out.
// Without it the lines are typed in.

const button = document.getElementById("take");
const lines = document.getElementById("fixes");
const told = document.getElementById("took");

function add(position) {
  const { longitude, latitude, accuracy } = position.coords;
  const line = [longitude, latitude, Math.round(accuracy * 10) / 10, new Date(position.timestamp).toISOString()].join(", ");
  button.disabled = false;
  if (lines.value.includes(line)) {
    // The system told its last fix once more; only another moment counts.
    told.textContent = button.dataset.same;
    return;
  }
  lines.value = `${lines.value.trimEnd()}${lines.value.trim() ? "\n" : ""}${line}\n`;
  told.textContent = button.dataset.took;
}

function fail() {
  told.textContent = button.dataset.failed;
  button.disabled = false;
}

if (navigator.geolocation) {
  button.hidden = false;
  button.addEventListener("click", () => {
    button.disabled = true;
    told.textContent = button.dataset.waiting;
    navigator.geolocation.getCurrentPosition(add, fail, { enableHighAccuracy: true, maximumAge: 0, timeout: 30000 });
  });
}

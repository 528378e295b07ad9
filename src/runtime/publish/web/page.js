// Asks the board how it stands, and shows it. Nothing is kept: what the board does not say any more is not shown any more.
"use strict";

const STATUS_PAUSE_MS = 500;
const PICTURE_PAUSE_MS = 150;
// Time without news after which nothing on the page counts any more.
const PATIENCE_MS = 4000;
const SURE_FROM = 0.75;

const at = (id) => document.getElementById(id);
let newest = null;
let heardAt = performance.now();

function put(id, text) {
  const element = at(id);
  // A label that is the same is not read out again.
  if (element.textContent !== text) element.textContent = text;
}

function make(tag, name, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
}

function percent(share) {
  const rounded = Math.round(share * 100);
  return `${rounded >= 100 && share < 0.9995 ? 99 : rounded} %`;
}

function span(seconds) {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 360000) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} days`;
}

// How the run stands: what to say about it, its colour, and the headline where there is no answer.
function standing(status) {
  switch (status.state) {
    case "live": return ["Live", "live", "Looking…"];
    case "starting": return ["Starting", "busy", "Starting…"];
    case "stale": return [`No answer for ${span(status.since_s)}`, "fault", "No answer"];
    case "camera lost": return [`Camera lost for ${span(status.since_s)}`, "fault", "Camera lost"];
    default: return ["Model failed", "fault", "Model failed"];
  }
}

function showAnswer(answer, headline, fault, cause) {
  const mark = !answer ? (fault ? "fault" : "waiting")
    : answer.unknown ? "unknown" : answer.confidence >= SURE_FROM ? "sure" : "uncertain";
  const remarks = { sure: "sure", uncertain: "not sure", unknown: "no class fits", waiting: "", fault: cause || "" };
  at("answer").dataset.mark = mark;
  put("remark", remarks[mark]);
  put("label", answer ? answer.label : headline);
  const share = answer ? answer.confidence : 0;
  at("gauge").hidden = !answer;
  at("gauge").setAttribute("aria-valuenow", Math.round(share * 100));
  at("fill").style.width = `${share * 100}%`;
  put("percent", answer ? percent(share) : "");
  const likeliest = answer ? [...answer.classes].sort((a, b) => b[1] - a[1]).slice(0, 6) : [];
  const rows = at("classes");
  // Rows stay where they are, so that their bars move.
  while (rows.children.length > likeliest.length) rows.lastChild.remove();
  while (rows.children.length < likeliest.length) {
    const [row, bar] = [make("li"), make("span", "bar")];
    bar.append(make("i"));
    row.append(make("span", "name"), make("span", "share"), bar);
    rows.append(row);
  }
  likeliest.forEach(([name, probability], index) => {
    const row = rows.children[index];
    row.className = index === 0 && !answer.unknown ? "first" : "";
    row.children[0].textContent = name;
    row.children[1].textContent = percent(probability);
    row.children[2].firstChild.style.width = `${probability * 100}%`;
  });
}

function showHistory(history) {
  const today = new Date().toDateString();
  const rows = history.map((turn) => {
    const [row, when] = [make("li"), new Date(turn.at_ms)];
    const time = make("time", "", when.toDateString() === today ? when.toLocaleTimeString() : when.toLocaleString());
    time.dateTime = when.toISOString();
    const what = make("span", turn.label === null ? "what lost" : "what", turn.label ?? turn.state);
    row.append(time, what, make("span", "share", turn.confidence === null ? "" : percent(turn.confidence)));
    return row;
  });
  const list = at("history");
  // Somebody may be scrolling, so only news changes the list.
  const key = JSON.stringify(history);
  if (list.dataset.key !== key) {
    list.dataset.key = key;
    list.replaceChildren(...rows);
  }
  at("history-empty").hidden = rows.length > 0;
}

function showFacts(id, facts) {
  const rows = facts.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value, bad, code]) => {
    const row = make("div");
    const said = make("dd", bad ? "bad" : "");
    said.append(code ? make("code", "", value) : value);
    row.append(make("dt", "", name), said);
    return row;
  });
  at(id).replaceChildren(...rows);
}

function condition(value) {
  if (!value) return "not reported";
  return value.now ? "yes" : value.since_boot ? "not now, but since the start" : "no";
}

function show(status) {
  const [words, state, headline] = standing(status);
  at("state").dataset.state = state;
  put("state-words", words);
  const warnings = [...status.warnings];
  if (state === "fault" && status.cause) warnings.unshift(`${headline}: ${status.cause}`);
  at("banner").hidden = warnings.length === 0;
  put("banner", warnings.join(" · "));
  showAnswer(status.answer, headline, state === "fault", status.cause);
  showHistory(status.history);
  const { health, answer, model } = status;
  const degrees = health.temperature_c === null ? "not reported" : `${health.temperature_c.toFixed(0)} °C`;
  const clock = health.frequency && `${health.frequency.current_mhz} of ${health.frequency.max_mhz} MHz`;
  showFacts("board", [
    ["Temperature", degrees, status.warnings.some((warning) => warning.startsWith("hot"))],
    ["Slowed down", condition(health.throttled), health.throttled?.now],
    ["Under-voltage", condition(health.under_voltage), health.under_voltage?.now],
    ["Clock", clock],
    ["Running for", span(status.uptime_s)],
    ["Broker", status.mqtt && (status.mqtt.connected ? "connected" : "not connected"), status.mqtt && !status.mqtt.connected],
  ]);
  const age = status.frame_age_s === null ? "none yet" : status.frame_age_s < 2 ? `${Math.round(status.frame_age_s * 1000)} ms ago` : `${span(status.frame_age_s)} ago`;
  showFacts("camera", [
    ["Camera", status.camera],
    ["Newest frame", age, status.frame_age_s > 2],
    ["Answers", answer && `${answer.fps.toFixed(1)} a second`],
    ["Delay", answer && `${Math.round(answer.capture_to_label_ms)} ms from frame to label`],
    ["Lost", `${status.missed} missed, ${status.damaged} damaged`],
    ["Skipped", `${status.skipped} for newer ones`],
    ["Camera losses", String(status.camera_losses)],
  ]);
  showFacts("model", [
    ["Name", model.name],
    ["Classes", model.labels.join(", ")],
    ["Hash of its file", model.id, false, true],
    ["Program", `vggcam ${status.version}`],
  ]);
  document.title = answer ? `${answer.label} – vggcam` : `${headline} – vggcam`;
}

function lose() {
  at("state").dataset.state = "fault";
  put("state-words", "No connection");
  at("banner").hidden = false;
  put("banner", "The board does not answer. This page goes on by itself when it does.");
  showAnswer(null, "–", false, "");
  at("picture").parentElement.classList.add("old");
  document.title = "no connection – vggcam";
}

async function ask() {
  try {
    const answer = await fetch("status.json", { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new Error(answer.statusText);
    newest = await answer.json();
    show(newest);
    heardAt = performance.now();
    const old = newest.state !== "live" || newest.frame_age_s === null;
    at("picture").parentElement.classList.toggle("old", old);
  } catch {
    if (performance.now() - heardAt > PATIENCE_MS) {
      newest = null;
      lose();
    }
  }
  setTimeout(ask, STATUS_PAUSE_MS);
}

// Each picture is asked for once the one before is there, so that a slow line gets fewer, and none while nobody looks.
function look() {
  const picture = at("picture");
  if (document.hidden || !newest || newest.frame_age_s === null) return setTimeout(look, STATUS_PAUSE_MS);
  const next = new Image(640, 480);
  // A connection that is lost without a word would let it wait for minutes, and what is shown would count as current.
  const patience = setTimeout(() => {
    next.onload = next.onerror = null;
    next.src = "";
    picture.parentElement.classList.add("old");
    look();
  }, PATIENCE_MS);
  [next.id, next.alt] = [picture.id, picture.alt];
  next.onload = () => {
    clearTimeout(patience);
    // The element itself takes the place, because another one with its address might ask again.
    picture.replaceWith(next);
    next.parentElement.style.aspectRatio = `${next.naturalWidth} / ${next.naturalHeight}`;
    at("nothing").hidden = true;
    setTimeout(look, PICTURE_PAUSE_MS);
  };
  next.onerror = () => {
    clearTimeout(patience);
    setTimeout(look, 4 * PICTURE_PAUSE_MS);
  };
  next.src = `picture.jpg?${Date.now()}`;
}

ask();
look();

// Shows what /api tells, and asks again every two seconds. Whatever comes from there goes into the
// page as text, never as markup.
"use strict";

const PERIOD = 2000;
const PAGE = 50;
const EXPLAINED = {
	observed: "in a block",
	final: "block final",
	proven: "proof built",
	sent: "in an extrinsic",
	done: "taken by Gear",
	failed: "tried again",
	dead: "given up",
};

const find = (id) => document.getElementById(id);
const state = { stage: "", shown: PAGE, message: location.hash.slice(1), overview: null };

function element(tag, properties = {}, ...children) {
	const made = document.createElement(tag);
	for (const [name, value] of Object.entries(properties)) {
		if (name in made && name !== "role") made[name] = value;
		else made.setAttribute(name, value);
	}
	made.append(...children);
	return made;
}

function time(millis) {
	const date = new Date(millis);
	const text = date.toISOString().slice(0, 19).replace("T", " ");
	return element("time", { dateTime: date.toISOString(), title: `${text} UTC` }, text);
}

function span(millis) {
	const seconds = Math.max(0, Math.round(millis / 1000));
	if (seconds < 120) return `${seconds} s`;
	if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
	if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
	return `${Math.floor(seconds / 86400)} days`;
}

function facts(pairs) {
	const list = element("dl");
	for (const [name, value, kind] of pairs) {
		if (value === null || value === undefined) continue;
		list.append(element("dt", {}, name), element("dd", { className: kind ?? "" }, value));
	}
	return list;
}

function showLane({ lane, backlog }) {
	find("instance").textContent = `relayer ${lane.version} · ${lane.instance}`;
	const ethereum = element("div", { className: "end" }, element("h3", {}, `Ethereum, chain ${lane.chain_id}`), facts([
		["gateway", lane.gateway, "hash"],
		["looked through", backlog.observed_block === null ? "nothing yet" : `up to block ${backlog.observed_block}`],
		["nodes", `${lane.execution}, ${lane.beacon}`],
	]));
	const leader = backlog.leader;
	const working = leader && leader.name !== lane.instance ? `${leader.name}, this one stands by` : null;
	const gear = element("div", { className: "end" }, element("h3", {}, "Gear chain"), facts([
		["genesis", lane.genesis, "hash"],
		["account", lane.account, "hash"],
		["node", lane.gear],
		["extrinsics", `${backlog.pending_submissions} under way`],
		["at work", working],
	]));
	find("lane").replaceChildren(ethereum, element("div", { className: "arrow", "aria-hidden": "true" }, "→"), gear);
}

function showTroubles({ now, backlog }) {
	const box = find("troubles");
	box.hidden = backlog.troubles.length === 0;
	box.replaceChildren(...backlog.troubles.map((trouble) => element("p", {},
		element("strong", {}, trouble.stage),
		` has failed for ${span(now - trouble.since)}, ${trouble.failures} times: ${trouble.error}`,
	)));
}

function showStages({ now, backlog }) {
	const focused = document.activeElement?.dataset?.stage;
	find("stages").replaceChildren(...backlog.stages.map((row) => {
		const oldest = row.messages > 0 && row.stage !== "done" && row.oldest_observed_at !== null;
		const button = element("button", { type: "button", className: row.messages ? "" : "none", "aria-pressed": String(state.stage === row.stage), title: EXPLAINED[row.stage] },
			element("span", { className: `stage ${row.stage}` }, row.stage),
			element("strong", {}, String(row.messages)),
			element("small", {}, oldest ? `oldest ${span(now - row.oldest_observed_at)}` : EXPLAINED[row.stage]),
		);
		button.dataset.stage = row.stage;
		button.addEventListener("click", () => {
			state.stage = state.stage === row.stage ? "" : row.stage;
			state.shown = PAGE;
			refresh();
		});
		return element("li", {}, button);
	}));
	if (focused) document.querySelector(`[data-stage="${focused}"]`)?.focus();
	const chosen = backlog.stages.find((row) => row.stage === state.stage);
	const waiting = backlog.stages.find((row) => row.stage !== "done" && row.messages > 0);
	const row = chosen ?? waiting;
	find("why").textContent = row?.why ? `${row.stage}: ${row.why}` : "Nothing waits.";
}

function showMessages(messages) {
	const focused = document.activeElement?.dataset?.nonce;
	find("messages").replaceChildren(...messages.map((message) => {
		const row = element("tr", { tabIndex: 0, "aria-selected": String(state.message === String(message.nonce)) },
			element("td", { className: "number" }, String(message.nonce)),
			element("td", {}, element("span", { className: `stage ${message.posted ? message.stage : "refused"}` }, message.stage)),
			element("td", {}, time(message.observed_at)),
			element("td", {}, message.why),
		);
		row.dataset.nonce = message.nonce;
		const open = () => choose(String(message.nonce));
		row.addEventListener("click", open);
		row.addEventListener("keydown", (event) => { if (event.key === "Enter") open(); });
		return row;
	}));
	if (focused) document.querySelector(`[data-nonce="${focused}"]`)?.focus();
	find("none").hidden = messages.length > 0;
	find("more").hidden = messages.length < state.shown || state.shown >= 500;
}

function showJourney(journeys, problem) {
	const box = find("journey");
	box.hidden = !journeys && !problem;
	if (problem) return box.replaceChildren(element("h2", {}, `Message ${state.message}`), element("p", {}, problem));
	if (!journeys) return box.replaceChildren();
	box.replaceChildren(...journeys.flatMap((journey) => {
		const { origin, arrival } = journey;
		const steps = journey.steps.map((step) => element("li", { className: step.stage },
			element("span", { className: `stage ${step.stage}` }, step.stage), time(step.first_at),
			step.times > 1 ? element("span", {}, ` ${step.times} times, last `, time(step.last_at)) : "",
			element("div", {}, step.note),
		));
		const rides = journey.extrinsics.flatMap((ride) => [
			element("h3", {}, `Extrinsic, ${ride.state}`),
			facts([
				["hash", ride.hash, "hash"],
				["signed by", `${ride.signer}, nonce ${ride.nonce}`, "hash"],
				["signed", time(ride.created_at)],
				["sent", ride.sent_at === null ? "not yet" : time(ride.sent_at)],
				["valid to", `block ${ride.last_block}`],
				["error", ride.error],
			]),
		]);
		return [
			element("h2", {}, `Message ${journey.nonce} `, element("span", { className: `stage ${journey.stage}` }, journey.stage)),
			element("p", {}, journey.why),
			facts([
				["topic", journey.topic, "hash"],
				["from", journey.sender, "hash"],
				["to program", journey.program, "hash"],
				["transaction", origin.tx_hash, "hash"],
				["in block", `${journey.block} ${origin.block_hash}`, "hash"],
				["next try", journey.next_attempt_at && time(journey.next_attempt_at)],
				["arrived in", arrival && `block ${arrival.block} ${arrival.block_hash}`, "hash"],
				["as", arrival?.message_id, "hash"],
				["not posted", arrival?.error],
			]),
			element("ol", {}, ...steps),
			...rides,
		];
	}));
}

async function ask(path) {
	const response = await fetch(path, { signal: AbortSignal.timeout(10_000) });
	const answer = await response.json();
	if (!response.ok) throw Object.assign(new Error(answer.error), { answered: true });
	return answer;
}

async function journeyNow() {
	if (!state.message) return [null, null];
	try {
		return [await ask(`/api/messages/${encodeURIComponent(state.message)}`), null];
	} catch (error) {
		if (error.answered) return [null, error.message];
		throw error;
	}
}

let asking = false;
let again = false;

async function refresh() {
	if (asking) {
		again = true;
		return;
	}
	asking = true;
	const live = find("live");
	try {
		const [overview, messages, [journeys, problem]] = await Promise.all([
			ask("/api/overview"),
			ask(`/api/messages?stage=${state.stage}&limit=${state.shown}`),
			journeyNow(),
		]);
		showTroubles(overview);
		showLane(overview);
		showStages(overview);
		showMessages(messages);
		showJourney(journeys, problem);
		live.className = "on";
		live.textContent = `live · ${new Date(overview.now).toISOString().slice(11, 19)} UTC`;
	} catch (error) {
		live.className = "off";
		live.textContent = `no answer from the relayer: ${error.message}`;
	}
	asking = false;
	if (again) {
		again = false;
		refresh();
	}
}

function choose(name) {
	state.message = name;
	history.replaceState(null, "", name ? `#${name}` : location.pathname);
	refresh().then(() => find("journey").scrollIntoView({ block: "nearest" }));
}

find("search").addEventListener("submit", (event) => {
	event.preventDefault();
	choose(find("name").value.trim());
});
find("more").addEventListener("click", () => {
	state.shown += PAGE;
	refresh();
});
window.addEventListener("hashchange", () => choose(location.hash.slice(1)));
setInterval(() => { if (!document.hidden) refresh(); }, PERIOD);
refresh();

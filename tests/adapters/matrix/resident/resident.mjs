// Who plays the resident? An ordinary Matrix client (matrix-js-sdk with Rust crypto), driven
// by one JSON object per line on stdin: {"id": 1, "do": "send", ...}; it answers in the same
// way on stdout: {"id": 1, "result": ...} or {"id": 1, "error": "..."}.
import { createInterface } from "node:readline";

// The SDK asks for Node 22; on Node 20 only this one function is missing.
Promise.withResolvers ??= function withResolvers() {
    let resolve, reject;
    const promise = new Promise((yes, no) => { resolve = yes; reject = no; });
    return { promise, resolve, reject };
};
for (const level of ["log", "debug", "info", "warn", "error", "trace"]) console[level] = () => {};

const sdk = await import("matrix-js-sdk");
const cryptoApi = await import("matrix-js-sdk/lib/crypto-api/index.js");
const ENCRYPTION = {
    type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" },
};
let client;

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function until(check, timeoutMs, what) {
    const end = Date.now() + timeoutMs;
    for (;;) {
        const found = await check();
        if (found) return found;
        if (Date.now() > end) throw new Error(`timed out waiting for ${what}`);
        await sleep(50);
    }
}

function roomOf(roomId) {
    return until(() => client.getRoom(roomId), 20000, "the room to appear in a sync");
}

// A person sees whom they invited before they type; a faster client would not encrypt for them.
async function seen(roomId, users) {
    const room = await roomOf(roomId);
    for (const user of users) await until(() => room.getMember(user), 20000, "the invitation");
}

function describe(event) {
    const content = event.getContent();
    return {
        event_id: event.getId(),
        sender: event.getSender(),
        type: event.getType(),
        body: content.body ?? null,
        msgtype: content.msgtype ?? null,
        content,
        encrypted: event.isEncrypted(),
        undecryptable: event.isDecryptionFailure(),
        failure: event.decryptionFailureReason ?? null,
    };
}

async function messages(roomId) {
    const room = await roomOf(roomId);
    const seen = [];
    for (const event of room.getUnfilteredTimelineSet().getLiveTimeline().getEvents()) {
        if (event.isEncrypted()) await client.decryptEventIfNeeded(event);
        // The SDK gives up for good on a message that came before it knew the sender's devices, as
        // in a direct chat of a moment ago; an app that is opened again would read it.
        if (event.isDecryptionFailure()) {
            await event.attemptDecryption(client.getCrypto(), { isRetry: true }).catch(() => {});
        }
        if (["m.room.message", "m.room.encrypted"].includes(event.getType())) seen.push(event);
    }
    return seen.map(describe);
}

function relation({ reply_to: replyTo, thread }) {
    if (thread) {
        const target = replyTo ?? thread;
        return {
            rel_type: "m.thread", event_id: thread, is_falling_back: !replyTo,
            "m.in_reply_to": { event_id: target },
        };
    }
    return replyTo ? { "m.in_reply_to": { event_id: replyTo } } : undefined;
}

const commands = {
    async login({ homeserver, user, password, only_signed: onlySigned = true }) {
        const login = await sdk.createClient({ baseUrl: homeserver }).loginRequest({
            type: "m.login.password",
            identifier: { type: "m.id.user", user },
            password,
        });
        client = sdk.createClient({
            baseUrl: homeserver, userId: login.user_id, deviceId: login.device_id,
            accessToken: login.access_token, cryptoCallbacks: {},
        });
        await client.initRustCrypto({ useIndexedDB: false });
        const crypto = client.getCrypto();
        await crypto.bootstrapCrossSigning({
            authUploadDeviceSigningKeys: (request) => request({
                type: "m.login.password", password,
                identifier: { type: "m.id.user", user: login.user_id },
            }),
        });
        crypto.setDeviceIsolationMode(onlySigned
            ? new cryptoApi.OnlySignedDevicesIsolationMode()
            : new cryptoApi.AllDevicesIsolationMode(false));
        // Long enough that no test's room gets a gap in what this client sees.
        const filter = new sdk.Filter(login.user_id);
        filter.setTimelineLimit(500);
        await client.startClient({ initialSyncLimit: 50, filter });
        await until(() => client.isInitialSyncComplete(), 20000, "the first sync");
        return { user_id: login.user_id, device_id: login.device_id };
    },
    async create_room({ name, encrypted = false, invite = [], version }) {
        const made = await client.createRoom({
            name, invite, preset: "private_chat", room_version: version ?? undefined,
            initial_state: encrypted ? [ENCRYPTION] : [],
        });
        await seen(made.room_id, invite);
        return made.room_id;
    },
    async create_dm({ user, encrypted = true }) {
        const made = await client.createRoom({
            is_direct: true, preset: "trusted_private_chat", invite: [user],
            initial_state: encrypted ? [ENCRYPTION] : [],
        });
        await seen(made.room_id, [user]);
        return made.room_id;
    },
    async invite({ room, user }) { await client.invite(room, user); return true; },
    async join({ room }) {
        await client.joinRoom(room);
        const found = await roomOf(room);
        await until(() => found.getMyMembership() === "join"
            && found.currentState.getStateEvents("m.room.create", ""), 20000, "the room's state");
        return true;
    },
    async leave({ room }) { await client.leave(room); return true; },
    async kick({ room, user }) { await client.kick(room, user); return true; },
    async ban({ room, user }) { await client.ban(room, user); return true; },
    async power({ room, user, level }) { await client.setPowerLevel(room, user, level); return true; },
    async upgrade({ room, version }) {
        return (await client.upgradeRoom(room, version)).replacement_room;
    },
    async redact({ room, event }) { return (await client.redactEvent(room, event)).event_id; },
    async send({ room, body, mentions = [], msgtype = "m.text", edit_of: editOf, ...rest }) {
        await roomOf(room);
        const content = { msgtype, body, "m.mentions": mentions.length ? { user_ids: mentions } : {} };
        const related = relation(rest);
        if (related) content["m.relates_to"] = related;
        if (editOf) {
            content["m.new_content"] = { msgtype, body, "m.mentions": content["m.mentions"] };
            content["m.relates_to"] = { rel_type: "m.replace", event_id: editOf };
            content.body = `* ${body}`;
        }
        return (await client.sendEvent(room, "m.room.message", content)).event_id;
    },
    // As fast as the homeserver takes them, one after the other, so that their order is known.
    async send_all({ room, bodies }) {
        await roomOf(room);
        for (const body of bodies) {
            await client.sendEvent(room, "m.room.message", { msgtype: "m.text", body, "m.mentions": {} });
        }
        return true;
    },
    async react({ room, event, key }) {
        const content = { "m.relates_to": { rel_type: "m.annotation", event_id: event, key } };
        return (await client.sendEvent(room, "m.reaction", content)).event_id;
    },
    async wait_reactions({ room, event, sender, count, timeout_ms: timeout = 20000 }) {
        const keys = async () => (await roomOf(room)).getUnfilteredTimelineSet().getLiveTimeline()
            .getEvents().filter((one) => one.getType() === "m.reaction"
                && one.getSender() === sender && one.getRelation()?.event_id === event)
            .map((one) => one.getRelation().key);
        await until(async () => (await keys()).length >= count, timeout, "the reactions");
        return keys();
    },
    async encrypt({ room }) {
        await client.sendStateEvent(room, ENCRYPTION.type, ENCRYPTION.content, "");
        return true;
    },
    async messages({ room }) { return messages(room); },
    async wait_count({ room, sender, count, timeout_ms: timeout = 50000 }) {
        let readable = [];
        // Looking at hundreds of messages costs, so not as often as for a single one.
        return until(async () => {
            await sleep(150);
            readable = (await messages(room)).filter((m) => m.sender === sender && !m.undecryptable);
            return readable.length >= count ? readable : null;
        }, timeout, "messages").catch((error) => {
            throw new Error(`${error.message}; there are ${readable.length} of ${count}`);
        });
    },
    async wait_message({ room, sender, containing = "", after, timeout_ms: timeout = 20000 }) {
        let all = [];
        return until(async () => {
            all = await messages(room);
            const from = after ? all.findIndex((m) => m.event_id === after) + 1 : 0;
            return all.slice(from).find((m) => m.sender === sender && !m.undecryptable
                && (m.body ?? "").includes(containing));
        }, timeout, "a message").catch((error) => {
            const shown = all.map((m) => m.failure ?? m.type).join(", ");
            throw new Error(`${error.message}; there are ${all.length}: ${shown}`);
        });
    },
    async wait_member({ room, user, membership = "join", timeout_ms: timeout = 20000 }) {
        await until(async () => (await roomOf(room)).getMember(user)?.membership === membership,
            timeout, `${membership} of the member`);
        return true;
    },
    async member({ room, user }) {
        return (await roomOf(room)).getMember(user)?.membership ?? null;
    },
    async stop() { client?.stopClient(); setTimeout(() => process.exit(0), 20); return true; },
};

createInterface({ input: process.stdin }).on("line", async (line) => {
    const { id, do: name, ...args } = JSON.parse(line);
    let answer;
    try {
        if (!commands[name]) throw new Error(`unknown command ${name}`);
        answer = { id, result: await commands[name](args) };
    } catch (error) {
        answer = { id, error: String(error?.message ?? error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
}).on("close", () => process.exit(0));

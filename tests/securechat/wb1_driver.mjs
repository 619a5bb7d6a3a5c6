// How does a test speak with the protocol of the pages? JSON lines: {"do", …} in, {"gives"} out.
// Bytes are hex. It computes nothing by itself: each command is a call of src/wb1.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const wb = await import(pathToFileURL(process.argv[2]).href);
const raw = (hex) => new Uint8Array((hex.match(/../g) ?? []).map((byte) => parseInt(byte, 16)));
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const utf8 = (text) => wb.utf8(text);
const part = (one) => ("bytes" in one ? raw(one.bytes) : (one.text ?? one.number));
const pair = (kind, one) => {
  return wb.importPrivate(kind, utf8(JSON.stringify(one.jwk)), raw(one.public));
};

const given = ({ root_sig, manifest, cert }) => ({ root_sig: wb.b64(raw(root_sig)), manifest, cert });

async function accept({ team, pin, now, before = [] }) {
  let last = null;
  const all = [];
  for (const one of [...before, team]) {
    const found = await wb.acceptManifest(given({ root_sig: team.root_sig, ...one }), raw(pin), now, last);
    last = { version: found.version, hash: found.hash };
    all.push(found);
  }
  wb.checkSameKeys(all);
  return all.at(-1);
}

// What a participant knows after it has read the keys of a conversation.
async function learn({ conv, me, kem, resident, team, pin, now, wrapsets }) {
  const manifest = await accept({ team, pin, now });
  const known = { conv: raw(conv), manifests: [manifest] };
  known.residentKem = raw(resident.kem.public);
  known.residentSig = raw(resident.sig.public);
  const epochs = await wb.checkWrapsets(wrapsets, known);
  const keys = new Map();
  for (const [e, epoch] of epochs) {
    keys.set(e, (await wb.openEpoch(epoch, raw(conv), raw(me), await pair("kem", kem))) ?? null);
  }
  return { manifest, known, epochs, keys };
}

const COMMANDS = {
  lp: ({ parts }) => hex(wb.lp(...parts.map(part))),
  unlp: ({ bytes, count }) => wb.unlp(raw(bytes), count).map(hex),
  b64: ({ bytes }) => wb.b64(raw(bytes)),
  unb64: ({ text }) => hex(wb.unb64(text)),
  pad: async ({ length }) => hex(wb.pad(new Uint8Array(length).fill(97))),
  unpad: ({ padded }) => hex(wb.unpad(raw(padded))),
  letters: ({ typed }) => wb.normalise(typed).slice(0, 4),
  hkdf: async ({ ikm, info, n }) => hex(await wb.hkdf(raw(ikm), raw(info), n)),
  point: ({ bytes }) => wb.checkPublic(raw(bytes)) ?? null,
  verify: async ({ key, bytes, signature }) => {
    return (await wb.verify(raw(key), raw(bytes), raw(signature))) ?? null;
  },
  kdf: ({ role, name }) => wb.checkKdf(role, name) ?? null,
  code: async ({ indices, salt }) => {
    const keys = await wb.codeKeys(indices, raw(salt));
    return Object.fromEntries(Object.entries(keys).map(([name, bytes]) => [name, hex(bytes)]));
  },
  member: async ({ password, salt }) => {
    const { kek, login } = await wb.memberKeys(password, raw(salt));
    return { kek: hex(kek), login: hex(login) };
  },
  root: async ({ indices, org }) => hex(await wb.rootKek(indices, raw(org))),
  bundle: async ({ kek, role, id, kem, sig, sealed }) => {
    const owner = { role, id: raw(id), kem: raw(kem), sig: raw(sig) };
    const opened = await wb.openBundle(raw(kek), owner, sealed);
    return [opened.kem, opened.sig].map((one) => one.privateKey.extractable);
  },
  seal: async ({ kek, role, id }) => {
    const [kem, sig] = [await wb.makePair("kem"), await wb.makePair("sig")];
    const sealed = await wb.sealBundle(raw(kek), role, raw(id), kem, sig);
    return { kem: hex(kem.publicKey), sig: hex(sig.publicKey), sealed };
  },
  read_manifest: async ({ manifest, cert }) => {
    const found = await wb.readManifest(manifest);
    return { signed: hex(found.signed), hash: hex(found.hash), cert: hex(wb.readCert(cert).signed) };
  },
  accept: async (asked) => hex((await accept(asked)).hash),
  earlier: async ({ team, pin }) => hex((await wb.acceptEarlier(given(team), raw(pin))).hash),
  wrapset: async ({ wrapset, conv }) => {
    const found = await wb.readWrapset(wrapset, raw(conv));
    return { signed: hex(found.signed), hash: hex(found.hash) };
  },
  learn: async (asked) => {
    const { epochs, keys, manifest } = await learn(asked);
    return [...epochs.values()].map((epoch) => {
      const ck = keys.get(epoch.e);
      return { ck: ck && hex(ck), usable: wb.mayEncrypt(epoch, manifest) };
    });
  },
  start: async ({ conv, e, team, pin, now, resident, ck }) => {
    const manifest = await accept({ team, pin, now });
    const audience = wb.startAudience(manifest, raw(resident.kem.public));
    const head = { conv: raw(conv), e, by: wb.RESIDENT, ck: raw(ck), audience };
    const { privateKey } = await pair("sig", resident.sig);
    return wb.makeWrapset({ ...head, manifestHash: manifest.hash }, privateKey);
  },
  message_key: async ({ ck, conv, e, by }) => {
    return hex(await wb.messageKey(raw(ck), raw(conv), e, raw(by)));
  },
  envelope: async ({ envelope, conv, ck, signer }) => {
    const read = await wb.readEnvelope(envelope, raw(conv));
    const body = await wb.openEnvelope(read, raw(conv), raw(ck), raw(signer));
    return { body, aad: hex(read.aad), signed: hex(read.signed), hash: hex(read.hash) };
  },
  write: async ({ conv, e, by, n, prev, ck, sig, body }) => {
    const plan = { conv: raw(conv), e, by: raw(by), n, prev: raw(prev), ck: raw(ck) };
    const { privateKey } = await pair("sig", sig);
    const made = await wb.makeEnvelope(plan, privateKey, body);
    return { envelope: made.json, hash: hex(made.hash) };
  },
  chain: async ({ messages, signers, ...asked }) => {
    const { keys, epochs } = await learn(asked);
    if (asked.isLocked) for (const e of keys.keys()) keys.set(e, null);
    const signerOf = (by) => (signers[hex(by)] ? raw(signers[hex(by)]) : undefined);
    const keyOf = (e) => keys.get(e) ?? (epochs.has(e) ? null : undefined);
    const chain = new wb.Chain({ conv: raw(asked.conv), signerOf, keyOf });
    await chain.takeAll(messages.map(({ seq, at = 0, ...envelope }) => ({ seq, at, envelope })));
    chain.settle();
    return chain.received.map((row) => row.problem ?? "");
  },
  seal_photo: async ({ conv, id, jpeg }) => {
    const made = await wb.sealPhoto(raw(conv), raw(id), raw(jpeg));
    return { key: hex(made.key), blob: hex(made.blob), hash: hex(made.hash) };
  },
  open_photo: async ({ conv, id, key, hash, blob }) => {
    const sealed = { key: raw(key), hash: raw(hash), blob: raw(blob) };
    return hex(await wb.openPhoto(raw(conv), raw(id), sealed));
  },
  pixels: ({ jpeg }) => wb.checkPixels(raw(jpeg)) ?? null,
  draft: async ({ conv, e, author, draft, ck, sealed }) => {
    const plan = { conv: raw(conv), e, author: raw(author), draft: raw(draft), ck: raw(ck) };
    return wb.openDraft(plan, sealed.iv, sealed.ct);
  },
  seal_draft: async ({ conv, e, author, draft, ck, text, at }) => {
    const plan = { conv: raw(conv), e, author: raw(author), draft: raw(draft), ck: raw(ck) };
    return wb.sealDraft(plan, text, at);
  },
  work: async ({ challenge, conv, bits }) => wb.work(challenge, raw(conv), bits),
  is_enough: ({ challenge, conv, nonce, bits }) => wb.isEnough(challenge, raw(conv), nonce, bits),
  unwrap: async ({ kem, info, enc, ct }) => {
    const wrapped = { enc: raw(enc), ct: raw(ct) };
    return hex(await wb.unwrap(await pair("kem", kem), raw(info), wrapped));
  },
  wrap: async ({ to, info, secret }) => {
    const { enc, ct } = await wb.wrap(raw(to), raw(info), raw(secret));
    return { enc: hex(enc), ct: hex(ct) };
  },
  hpke: async ({ sender, receiver, info, aad, pt }) => {
    const curve = { name: "ECDH", namedCurve: "P-256" };
    const publicOf = (one) => crypto.subtle.importKey("raw", raw(one.public), curve, true, []);
    const both = async (one) => {
      const publicKey = await publicOf(one);
      return { publicKey, privateKey: (await pair("kem", one)).privateKey };
    };
    const about = { info: raw(info), ekm: await both(sender) };
    const to = await wb.SUITE.createSenderContext({ ...about, recipientPublicKey: await publicOf(receiver) });
    const ct = await to.seal(raw(pt), raw(aad));
    const from = { recipientKey: await both(receiver), enc: to.enc, info: raw(info) };
    const opened = await (await wb.SUITE.createRecipientContext(from)).open(ct, raw(aad));
    return [to.enc, ct, opened].map((one) => hex(new Uint8Array(one)));
  },
  words: ({ file, typed, count }) => wb.WordList.of(file).read(typed, count),
  has_code: ({ file, indices, text }) => wb.WordList.of(file).isIn(indices, text),
  draw: ({ times }) => Array.from({ length: times }, () => wb.draw()),
};

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  let answer;
  try {
    answer = { gives: await COMMANDS[asked.do](asked) };
  } catch (error) {
    const isRefused = error instanceof wb.Refused;
    answer = isRefused ? { refused: error.code } : { broken: String(error.stack) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

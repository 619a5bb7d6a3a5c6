/** How does a conversation begin, or begin again? By the first message, or by the seven words. */

import { b64, NO_HASH, random, RESIDENT, unb64 } from "../wb1/bytes";
import { checkKdf, openBundle, sealBundle, sealJwks } from "../wb1/bundle";
import { CODE_KDF, codeKeys, draw, type WordList } from "../wb1/code";
import { type Content, makeEnvelope } from "../wb1/envelope";
import { importPrivate, makePair } from "../wb1/keys";
import { Refused } from "../wb1/refused";
import { work } from "../wb1/work";
import { makeWrapset, newEpochKey, startAudience } from "../wb1/wrapset";
import { call, Said } from "./api";
import { now, type PageData } from "./page";
import { type Saved, save } from "./session";
import { readTeam, remember, type Team } from "./team";

interface ReturnAnswer {
  conv: string;
  kem: string;
  sig: string;
  kdf: string;
  bundle: unknown;
  token: string;
}

/** Everything a new conversation needs, made here; nothing has been sent yet. */
export async function prepare(team: Team, page: PageData, text: string): Promise<Saved> {
  const conv = random(16);
  const [kem, sig, indices] = [await makePair("kem"), await makePair("sig"), draw()];
  const keys = await codeKeys(indices, team.salt);
  const bundle = await sealBundle(keys.kek, "resident", conv, kem, sig);
  const saved: Saved = {
    conv: b64(conv),
    kem: b64(kem.publicKey),
    sig: b64(sig.publicKey),
    jwkKem: b64(kem.jwk),
    jwkSig: b64(sig.jwk),
    token: "",
    indices,
    list: page.list,
    hasWritten: false,
    manifest: remember(team.manifest),
    create: null,
    outbox: [],
  };
  const fixed = {
    conv: saved.conv,
    kem: saved.kem,
    sig: saved.sig,
    locator_hash: b64(keys.locatorHash),
    auth_hash: b64(keys.authHash),
    kdf: CODE_KDF,
    bundle,
    lang: page.lang,
  };
  saved.create = { ...fixed, ...(await firstMessage(saved, team, { k: "text", t: text })) };
  return saved;
}

/** The start of epoch 1 and message 1, for the team as it is now. */
async function firstMessage(saved: Saved, team: Team, content: Content): Promise<object> {
  const [conv, kem, ck] = [unb64(saved.conv), unb64(saved.kem), newEpochKey()];
  const { privateKey } = await importPrivate("sig", unb64(saved.jwkSig), unb64(saved.sig));
  const fixed = { conv, e: 1, by: RESIDENT, ck };
  const audience = startAudience(team.manifest, kem);
  const plan = { ...fixed, manifestHash: team.manifest.hash, audience };
  const envelope = await makeEnvelope(
    { ...fixed, n: 1, prev: NO_HASH },
    privateKey,
    { ...content, at: now(), seen: {} },
  );
  return { wrapset: await makeWrapset(plan, privateKey), envelope: envelope.json };
}

/** Send what was prepared; the same request again is one conversation. Raises Said, Away. */
export async function create(saved: Saved, page: PageData, text: string): Promise<void> {
  for (let tries = 0; saved.create && tries < 4; tries += 1) {
    try {
      const path = "/api/c/conversations";
      const made = await call<{ token: string }>("POST", path, { json: saved.create });
      saved.token = made.token;
      saved.create = null;
      save(saved);
    } catch (error) {
      if (!(error instanceof Said) || !(await mended(error, saved, page, text))) throw error;
      save(saved);
    }
  }
}

/** What the server asked for is put right, and true; or false, and it is a real no. */
async function mended(error: Said, saved: Saved, page: PageData, text: string): Promise<boolean> {
  if (error.code === "pow") {
    const { config } = await readTeam(page.pin, saved.manifest);
    if (!config.pow) return true;
    const nonce = await work(config.pow.challenge, unb64(saved.conv), config.pow.bits);
    saved.create = { ...saved.create, pow: { challenge: config.pow.challenge, nonce } };
    return true;
  }
  if (error.code !== "manifest") return false;
  const team = await readTeam(page.pin, saved.manifest);
  saved.manifest = remember(team.manifest);
  saved.create = { ...saved.create, ...(await firstMessage(saved, team, { k: "text", t: text })) };
  return true;
}

/** Back with the code. Raises Said (404 when no such code), Away, Refused. */
export async function comeBack(
  team: Team,
  indices: number[],
  list: string,
): Promise<Saved> {
  const keys = await codeKeys(indices, team.salt);
  const json = { locator: b64(keys.locator), auth: b64(keys.auth) };
  const found = await call<ReturnAnswer>("POST", "/api/c/return", { json });
  checkKdf("resident", found.kdf);
  const owner = {
    role: "resident" as const,
    id: unb64(found.conv, 16),
    kem: unb64(found.kem, 65),
    sig: unb64(found.sig, 65),
  };
  const { jwks } = await openBundle(keys.kek, owner, found.bundle);
  return {
    conv: found.conv,
    kem: found.kem,
    sig: found.sig,
    jwkKem: b64(jwks.kem),
    jwkSig: b64(jwks.sig),
    token: found.token,
    indices,
    list,
    hasWritten: true,
    manifest: remember(team.manifest),
    create: null,
    outbox: [],
  };
}

/** A fresh token for a conversation of this tab. Raises Said, Away. */
export async function renew(saved: Saved, salt: Uint8Array<ArrayBuffer>): Promise<void> {
  const keys = await codeKeys(saved.indices, salt);
  const json = { locator: b64(keys.locator), auth: b64(keys.auth) };
  const found = await call<ReturnAnswer>("POST", "/api/c/return", { json });
  if (found.conv !== saved.conv) throw new Refused("keys", "another conversation");
  saved.token = found.token;
  save(saved);
}

/** Seven other words; the old ones are dead as soon as the server has said yes. */
export async function newCode(saved: Saved, words: WordList, list: string, team: Team): Promise<void> {
  const indices = draw();
  const keys = await codeKeys(indices, team.salt);
  const owner = { role: "resident" as const, id: unb64(saved.conv), ...publicKeys(saved) };
  const jwks = { kem: unb64(saved.jwkKem), sig: unb64(saved.jwkSig) };
  const bundle = await sealJwks(keys.kek, owner, jwks);
  const hashes = { locator_hash: b64(keys.locatorHash), auth_hash: b64(keys.authHash) };
  const json = { ...hashes, kdf: CODE_KDF, bundle };
  if (indices.some((index) => !words.word(index))) throw new Refused("code", "list");
  await call("POST", "/api/c/code", { token: saved.token, json });
  Object.assign(saved, { indices, list, hasWritten: false });
  save(saved);
}

function publicKeys(saved: Saved): { kem: Uint8Array<ArrayBuffer>; sig: Uint8Array<ArrayBuffer> } {
  return { kem: unb64(saved.kem), sig: unb64(saved.sig) };
}

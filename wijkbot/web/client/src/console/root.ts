/** How is the root of an organisation made and shown, once, and opened later with its words? */

import { openBundle, type OpenedBundle, sealBundle } from "../wb1/bundle";
import { b64, type Bytes, NO_HASH, random, unb64 } from "../wb1/bytes";
import { draw, normalise, ROOT_WORDS, rootKek } from "../wb1/code";
import { makePair, sha256 } from "../wb1/keys";
import { makeCert, makeManifest, type Member } from "../wb1/manifest";
import { Refused } from "../wb1/refused";
import { make, now, type PageData, part, say, show } from "../resident/page";
import { wordList } from "../resident/words";
import type { TeamAnswer } from "./desk";
import { onSubmit, typed } from "./views";

const DAY = 86_400;
export const LIST_DAYS = 90;
export const CERT_DAYS = 400;

/** What the first one sends; the words stay on paper. */
export interface Founding {
  json: object;
  pin: string;
  words: string[];
}

/** A fresh root that certifies its maker, and the first list of the team. Raises Away. */
export async function foundRoot(
  org: Bytes,
  founder: Member,
  key: CryptoKey,
  page: PageData,
): Promise<Founding> {
  const list = await wordList(page, page.list);
  const [recovery, root, indices] = [await makePair("kem"), await makePair("sig"), draw(ROOT_WORDS)];
  const kek = await rootKek(indices, org);
  const issued = now();
  const plan = {
    org,
    team: random(16),
    version: 1,
    issued,
    expires: issued + LIST_DAYS * DAY,
    prevHash: NO_HASH,
    recoveryKem: recovery.publicKey,
    members: [founder],
  };
  const over = issued + CERT_DAYS * DAY;
  const json = {
    root_sig: b64(root.publicKey),
    recovery_kem: b64(recovery.publicKey),
    sealed: await sealBundle(kek, "root", org, recovery, root),
    cert: await makeCert(org, founder.id, founder.sig, over, root.privateKey),
    manifest: await makeManifest(plan, founder.id, key),
  };
  const words = indices.map((index) => list.word(index));
  return { json, pin: b64(await sha256(root.publicKey)), words };
}

/** Shows the words until two of them were typed from the paper. */
export function showRoot(words: string[]): Promise<void> {
  part("root-words").replaceChildren(...words.map((word) => make("li", "", word)));
  const look = (isShown: boolean): void => {
    show("root-words", isShown);
    show("root-shown", isShown);
    show("root-check", !isShown);
    part("door-said").textContent = "";
  };
  look(true);
  part("root-print").onclick = () => print();
  part("root-look").onclick = () => look(true);
  return new Promise((done) => {
    part("root-written").onclick = () => {
      const asked = drawTwo();
      asked.forEach((at, i) => {
        part(`root-label-${i}`).textContent = say("word", { n: at + 1 });
        part<HTMLInputElement>(`root-${i}`).value = "";
      });
      look(false);
      part("root-0").focus();
      const check = async (): Promise<void> => {
        const isRight = asked.every((at, i) => isSame(typed(`root-${i}`), words[at] ?? ""));
        part("door-said").textContent = isRight ? "" : say("word_wrong");
        if (!isRight) return;
        part("root-words").replaceChildren();
        done();
      };
      onSubmit("root-check", check, () => undefined);
    };
  });
}

function drawTwo(): [number, number] {
  const [first = 0, second = 0] = random(2);
  return [first % 6, 6 + (second % 6)];
}

function isSame(word: string, right: string): boolean {
  const start = normalise(word).slice(0, 4);
  return start !== "" && start === normalise(right).slice(0, 4);
}

/** The root, opened with the typed words in any of the languages. Raises Refused, Away. */
export async function openRoot(
  words: string,
  team: TeamAnswer,
  org: Bytes,
  page: PageData,
): Promise<OpenedBundle> {
  const { sealed_root, recovery_kem, root_sig } = team;
  if (!sealed_root || !recovery_kem || !root_sig) throw new Refused("code", "root");
  const owner = { role: "root" as const, id: org, kem: unb64(recovery_kem), sig: unb64(root_sig) };
  for (const language of Object.keys(page.words)) {
    const list = await wordList(page, language);
    try {
      const kek = await rootKek(list.read(words, ROOT_WORDS), org);
      return await openBundle(kek, owner, sealed_root);
    } catch {
      // Not the words of this language.
    }
  }
  throw new Refused("code", "words");
}

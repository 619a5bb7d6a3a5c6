/** Which number do two people compare to know that they mean the same keys? */

import { lp, unb64 } from "../wb1/bytes";
import { sha256 } from "../wb1/keys";

const GROUPS = 6;

/** Six groups of four digits out of SHA-256 over both public keys: read aloud in ten seconds. */
export async function fingerprint(of: { kem: string; sig: string }): Promise<string> {
  const digest = await sha256(lp(unb64(of.kem, 65), unb64(of.sig, 65)));
  const view = new DataView(digest.buffer);
  const groups = Array.from({ length: GROUPS }, (_, at) => view.getUint32(at * 4) % 10_000);
  return groups.map((group) => String(group).padStart(4, "0")).join(" ");
}

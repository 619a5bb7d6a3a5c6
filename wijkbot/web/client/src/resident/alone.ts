/** Is this tab a copy of another one? The other one answers while it lives. */

const NAME = "wb1";
const PATIENCE_MS = 250;

interface Note {
  ask?: string;
  here?: string;
}

/** Says for the rest of the life of the page that this conversation is open here. */
export function claim(conv: string): void {
  const channel = new BroadcastChannel(NAME);
  channel.onmessage = ({ data }: MessageEvent<Note>) => {
    if (data.ask === conv) channel.postMessage({ here: conv });
  };
}

export async function isOpenElsewhere(conv: string): Promise<boolean> {
  const channel = new BroadcastChannel(NAME);
  const heard = await new Promise<boolean>((done) => {
    channel.onmessage = ({ data }: MessageEvent<Note>) => {
      if (data.here === conv) done(true);
    };
    channel.postMessage({ ask: conv });
    setTimeout(() => done(false), PATIENCE_MS);
  });
  channel.close();
  return heard;
}

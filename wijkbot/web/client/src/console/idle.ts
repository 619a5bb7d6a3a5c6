/** When does a tab lock itself? Half an hour after the last key, tap or move of whoever works. */

const IDLE_MS = 30 * 60_000;
const LOOK_MS = 15_000;
const ALIVE_MS = 4 * 60_000;

/** `alive` is called now and then while somebody works, so that the session lasts as well. */
export function lockWhenIdle(alive: () => void, lock: () => void): void {
  let active = Date.now();
  let told = active;
  const mark = (): void => {
    active = Date.now();
    if (active - told > ALIVE_MS) {
      told = active;
      alive();
    }
  };
  for (const kind of ["keydown", "pointerdown", "pointermove", "input", "scroll"]) {
    addEventListener(kind, mark, { passive: true, capture: true });
  }
  const look = (): void => {
    if (Date.now() - active >= IDLE_MS) lock();
  };
  setInterval(look, LOOK_MS);
  // A machine that slept runs no timers: look before anything is shown again.
  document.addEventListener("visibilitychange", look);
}

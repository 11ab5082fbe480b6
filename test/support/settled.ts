/** Resolves when a number has stopped growing for many turns of the event loop. */
export async function settled(read: () => number): Promise<void> {
  let last = -1;
  let calm = 0;
  while (calm < 200) {
    await new Promise((resolve) => setImmediate(resolve));
    calm = read() === last && last > 0 ? calm + 1 : 0;
    last = read();
  }
}

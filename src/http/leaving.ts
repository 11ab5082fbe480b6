/**
 * Answers that leave together at the end of a turn of the event loop: clients that are woken one by one take the cores from whoever reads
 * the next answers (`test/bench/NOTES.md`).
 */

/** What is ready to leave; does not throw. */
export type Leaving = { leave(): void };

const leaving: Leaving[] = [];

/** Has it leave when all that has come in this turn has been read. */
export function leaveTogether(answer: Leaving): void {
  if (leaving.length === 0) setImmediate(leaveNow);
  leaving.push(answer);
}

function leaveNow(): void {
  for (const answer of leaving.splice(0)) answer.leave();
}

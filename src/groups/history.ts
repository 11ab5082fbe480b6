/** What a group remembers of its processes when they are gone: failures to show, and scripts to import again. */
import type { ControlMessage } from './control.ts';
import type { GroupPlan, ScriptImport } from './plan.ts';
import type { FailureSnapshot, ScriptFailure } from './snapshot.ts';

export class History {
  lastFailure: FailureSnapshot | undefined;
  readonly #scripts = new Map<string, ScriptFailure>();
  readonly #imported = new Set<string>();

  /** A script was imported: it is no failure any more, and the next process imports it before it is ready. */
  scriptImported(script: string): void {
    this.#scripts.delete(script);
    this.#imported.add(script);
  }

  scriptFailed(
    { script, message, traceback }: Extract<ControlMessage, { event: 'import-failed' }>,
    at: number,
  ): void {
    this.#scripts.set(script, { at, script, message, traceback });
  }

  failureOf(script: string): ScriptFailure | undefined {
    return this.#scripts.get(script);
  }

  /** A start with these scripts came to nothing; the next one is made without them, lest one of them is the cause. */
  forgetImported(): void {
    this.#imported.clear();
  }

  /**
   * What a new process imports before it is ready: the plan's scripts, and those of the process before it (DESIGN: "A
   * group is not a script"), by default of any that ran.
   */
  importsFor(plan: GroupPlan, imported: ReadonlySet<string> = this.#imported): readonly ScriptImport[] {
    const stated = new Set(plan.imports.map(({ script }) => script));
    const learnt = [...imported].filter((script) => !stated.has(script));
    return [...plan.imports, ...learnt.map((script) => ({ script, callableObject: 'application' }))];
  }

  failedScripts(): readonly ScriptFailure[] {
    return [...this.#scripts.values()];
  }
}

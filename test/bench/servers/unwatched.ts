/** The command line of the sidecar, with metrics that hear of no request: there is no setting for it, since no operator should want it. */
import { Metrics } from '../../../src/metrics/metrics.ts';

const deaf = (): void => undefined;
Object.assign(Metrics.prototype, { requestStarted: deaf, requestFinished: deaf });

await import('../../../src/main.ts');

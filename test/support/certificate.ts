/** A certificate that nobody has signed, for servers that are started in tests. */
import { mustRun } from './real-process.ts';

/** Writes `cert.pem` and `key.pem` into the folder. */
export async function makeCertificate(folder: string, name = 'sidecar.test'): Promise<void> {
  const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${name}`;
  await mustRun('openssl', [...words.split(' '), '-keyout', 'key.pem', '-out', 'cert.pem'], { cwd: folder });
}

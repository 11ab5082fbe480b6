/** Reads a configuration of 10,000 virtual hosts and 50,000 script aliases once, as a process of its own, and says what it took. */
import { configurationText, readText } from './sites.ts';

const text = configurationText({ hosts: 10_000, mountsPerHost: 5 });
const start = process.hrtime.bigint();
const site = readText(text);
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
const { maxRSS } = process.resourceUsage();
const read = { virtualHosts: site.virtualHosts.length, mounts: site.mounts.length, seconds };
process.stdout.write(JSON.stringify({ ...read, mebibytes: maxRSS / 1024 }));

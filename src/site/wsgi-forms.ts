/** The words of mod_wsgi's directives, by kind: what they mean, and which of them it refuses to start with. */
import type { Directive } from '../apache/directive.ts';
import { noAddress } from './access-forms.ts';
import { type AddressBlock, readBlock } from './address-block.ts';
import { type ScriptWords, scriptForms } from './script-words.ts';
import { choice, type Fault, type Form, number, type Reading, soleFlag, text } from './word-forms.ts';

/** What those words say that are more than flags and names, by lower-case name. */
export type WsgiWords = {
  wsgimapheadtoget: 'on' | 'off' | 'auto';
  wsgitrustedproxies: readonly AddressBlock[];
  wsgipythonoptimize: number;
  wsgipythonhashseed: string;
  wsgidispatchscript: ScriptWords;
};

/** By lower-case name. */
export const wsgiForms: { readonly [K in keyof WsgiWords]: Form<WsgiWords[K]> } = {
  wsgimapheadtoget: choice('On', 'Off', 'Auto'),
  wsgitrustedproxies: readTrustedProxies,
  wsgipythonoptimize: number(),
  wsgipythonhashseed: readHashSeed,
  wsgidispatchscript: scriptForms.wsgidispatchscript,
};

/** Flags, and names that mod_wsgi does not judge, by lower-case name. */
export const plainWsgiForms: Readonly<Record<string, Form<unknown>>> = {
  wsgipassauthorization: soleFlag,
  wsgiscriptreloading: soleFlag,
  wsgichunkedrequest: soleFlag,
  wsgiignoreactivity: soleFlag,
  wsgidontwritebytecode: soleFlag,
  wsgirestrictembedded: soleFlag,
  wsgirestrictsignal: soleFlag,
  wsgirestrictstdin: soleFlag,
  wsgirestrictstdout: soleFlag,
  wsgicasesensitivity: soleFlag,
  wsgilazyinitialization: soleFlag,
  wsgidestroyinterpreter: soleFlag,
  wsgiservermetrics: soleFlag,
  wsgipassapacherequest: soleFlag,
  wsgienablesendfile: soleFlag,
  wsgierroroverride: soleFlag,
  wsgiverbosedebugging: soleFlag,
  wsgisocketrotation: soleFlag,
  wsgigroupauthoritative: soleFlag,
  wsgiprocessgroup: text,
  wsgiapplicationgroup: text,
  wsgicallableobject: text,
  wsgipythonhome: text,
  wsgipythonpath: text,
  wsgipythonwarnings: text,
  wsgipythoneggs: text,
};

/** The networks of `WSGITrustedProxies` (mod_wsgi `wsgi_set_trusted_proxies()`): lower-case digits, no zone, no IPv4 within IPv6. */
function readTrustedProxies({ args }: Pick<Directive, 'args'>): Reading<readonly AddressBlock[]> {
  const readings = args.map((word) =>
    /^(?:[0-9./]+|(?=.*:)[0-9a-f:/]+)$/.test(word) ? readBlock(word) : ({ kind: 'refused' } as const),
  );
  const wrong = readings.findIndex(({ kind }) => kind === 'refused');
  if (wrong !== -1) return { fault: proxyFault(args[wrong] as string) };
  const value = readings.flatMap((reading) => (reading.kind === 'block' ? [reading.block] : []));
  const other = readings.findIndex(({ kind }) => kind === 'other');
  if (other === -1) return { value };
  const message = `"${args[other]}" is not reckoned with here, so that its headers do not count`;
  return { value, doubt: { message, advice: 'Write it as ADDRESS/BITS' } };
}

function proxyFault(word: string): Fault {
  const lower = word.toLowerCase();
  if (lower === word || readBlock(lower).kind === 'refused') return noAddress(word);
  return { message: `"${word}" has capitals, which mod_wsgi does not take`, advice: `Write ${lower}` };
}

function readHashSeed(words: Parameters<Form<string>>[0]): Reading<string> {
  const reading = text(words);
  if ('fault' in reading) return reading;
  const word = reading.value;
  if (word === 'random' || (/^[ \t-\r]*\d+$/.test(word) && Number(word) < 2 ** 32)) return reading;
  const message = `"${word}" is no seed of hashes`;
  return { fault: { message, advice: 'Write "random" or a number from 0 to 4294967295' } };
}

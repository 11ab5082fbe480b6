/** A setting that a flag or an environment variable can give. */
export type SettingEntry = {
  /** Where it stands in `sidecar.yaml`; a dot is a level. */
  readonly key: string;
  /** As commander wants it; absent where a command line is the wrong place. */
  readonly flag?: string;
  readonly environment: string;
  /** How text from a flag or the environment becomes a value. */
  readonly kind: 'text' | 'number' | 'boolean' | 'list';
  readonly default?: string | number | boolean | readonly string[];
  readonly prose: string;
};

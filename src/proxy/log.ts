/** The part of a logger that the data path uses; pino's fits. */
export type ProxyLog = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** What its user configured cannot work; the message says what is wrong and what would be right. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** What a sampler or pruner can be told, as data, so that files can be checked and schemas written from it. */
export type Setting = { readonly about: string } & (
  | { readonly kind: 'int' | 'number'; readonly low: number; readonly high: number; readonly fallback?: number }
  | { readonly kind: 'boolean'; readonly fallback: boolean }
  | { readonly kind: 'choice'; readonly choices: readonly string[]; readonly fallback: string }
);

/** By camelCase name; one without a fallback may be left out and then plays no part. */
export type Settings = Readonly<Record<string, Setting>>;

/** What is wrong with the settings given to `owner`, in words; nothing when all are known and in range. */
export function settingFaults(owner: string, settings: Settings, given: Readonly<Record<string, unknown>>): string[] {
  const faults: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (name === 'type' || value === undefined) continue;
    const setting = Object.hasOwn(settings, name) ? settings[name] : undefined;
    if (setting === undefined) {
      const known = Object.keys(settings).join(', ');
      faults.push(`${owner} has no setting ${name}; ${known === '' ? 'it has none' : `known: ${known}`}`);
      continue;
    }
    const fault = settingFault(setting, value);
    if (fault !== undefined) faults.push(`${owner}: ${name} ${JSON.stringify(value)} ${fault}`);
  }
  return faults;
}

function settingFault(setting: Setting, value: unknown): string | undefined {
  if (setting.kind === 'boolean') return typeof value === 'boolean' ? undefined : 'must be true or false';
  if (setting.kind === 'choice') {
    const right = typeof value === 'string' && setting.choices.includes(value);
    return right ? undefined : `must be one of ${setting.choices.join(', ')}`;
  }
  const { low, high, kind } = setting;
  const right =
    typeof value === 'number' && value >= low && value <= high && (kind === 'number' || Number.isInteger(value));
  return right ? undefined : `must be ${kind === 'int' ? 'an integer' : 'a number'} in [${low}, ${high}]`;
}

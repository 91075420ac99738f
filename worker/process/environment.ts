/** What every attempt may see of its worker's environment; all else a study names, and its operator allows. */
const ALWAYS: ReadonlySet<string> = new Set([
  'PATH',
  'LD_LIBRARY_PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LANGUAGE',
  'TZ',
  'TMPDIR',
  'VIRTUAL_ENV',
  'NODE_OPTIONS',
  // Where engines were installed, and where Vulkan looks for drivers.
  'XDG_CACHE_HOME',
  'XDG_DATA_DIRS',
]);
const ALWAYS_BEGINNING = /^(LC|CONDA|CUDA|NVIDIA|TF|VK)_/;

/** The environment that an attempt's process starts with: of the worker's own no more than it needs to run programs. */
export function baseEnvironment(own: NodeJS.ProcessEnv): Record<string, string> {
  const seen: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && (ALWAYS.has(name) || ALWAYS_BEGINNING.test(name))) seen[name] = value;
  }
  return seen;
}

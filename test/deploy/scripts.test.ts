import { expect, it } from 'vitest';
import { missing, run } from './programs.js';

it('has shell scripts that a checker has nothing to say about', (test) => {
  const lacking = missing('shellcheck', 'git');
  if (lacking !== undefined) test.skip(lacking);
  const scripts = run('git', ['ls-files', '*.sh', '*.sbatch', '.ci/run']).stdout.trim().split('\n');
  expect(scripts).toContain('deploy/slurm/assay-worker.sbatch');
  expect(run('shellcheck', ['--severity=warning', '--shell=bash', ...scripts]).text).toBe('');
});

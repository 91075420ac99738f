import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../cli/fail.js';
import { commandLine, invocation, quote } from '../../cli/invocation.js';
import { parseAddress, parseDuration, parseListenAddress, parseSize, wholeNumber } from '../../cli/options.js';
import { parseStudyAndTrial } from '../../cli/study-and-trial.js';

describe('an address', () => {
  it.each(['127.0.0.1:7070', 'host.example:1', '[::1]:65535', 'worker-3:443'])('may be %s', (address) => {
    expect(parseAddress(address)).toBe(address);
  });

  it.each([
    '',
    'host',
    ':7070',
    'host:',
    'host:0',
    'host:65536',
    '::1:7070',
    'http://host:7070',
    'host:7070/x',
    'a b:1',
  ])('may not be "%s"', (address) => {
    expect(() => parseAddress(address)).toThrow(InvalidArgumentError);
  });

  it('to listen at may leave the port open', () => {
    expect(parseListenAddress('127.0.0.1:0')).toBe('127.0.0.1:0');
    expect(() => parseListenAddress('127.0.0.1')).toThrow(/such as 127\.0\.0\.1:7070/);
  });
});

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['1.5s', 1_500],
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '10', 's', '10 s', '-1s', '0s', '1h30', '1y'])('may not be "%s"', (text) => {
    expect(() => parseDuration(text)).toThrow(/such as 500ms/);
  });
});

describe('a whole number', () => {
  it('is refused outside its range, with the range', () => {
    const parse = wholeNumber(1, 8);
    expect(parse('8')).toBe(8);
    for (const text of ['0', '9', '1.5', '-1', 'x', '', '1e1', '0x2']) {
      expect(() => parse(text)).toThrow('It must be a whole number from 1 to 8.');
    }
  });
});

describe('a trial', () => {
  it('is named by its number alone, or with its study', () => {
    expect(parseStudyAndTrial(['7'])).toEqual({ study: '', trial: 7 });
    expect(parseStudyAndTrial(['#7'])).toEqual({ study: '', trial: 7 });
    expect(parseStudyAndTrial(['2026', '7'])).toEqual({ study: '2026', trial: 7 });
  });

  it('is refused with what would be right', () => {
    expect(() => parseStudyAndTrial(['digits'])).toThrow(
      new UserError('"digits" is no trial\'s number: give a whole number from 0, such as 7'),
    );
    expect(() => parseStudyAndTrial(['digits', '7', '8'])).toThrow(/too many arguments \(digits 7 8\)/);
  });
});

describe('a command line to be typed again', () => {
  it('calls the program as it was called', () => {
    expect(invocation('/usr/bin/assay', '/home/me')).toBe('assay');
    expect(invocation('/home/me/assay/dist/cli/main.js', '/home/me/assay')).toBe('node dist/cli/main.js');
    expect(invocation('/opt/assay/dist/cli/main.js', '/home/me/deep/down')).toBe('node /opt/assay/dist/cli/main.js');
  });

  it('quotes what a shell would read otherwise', () => {
    expect([`digits`, `a b`, `it's`, `$HOME`, ''].map(quote)).toEqual([
      `digits`,
      `'a b'`,
      `'it'\\''s'`,
      `'$HOME'`,
      `''`,
    ]);
    expect(commandLine(['run', 'my search.yaml'])).toMatch(/ run 'my search\.yaml'$/);
  });
});

describe('a size', () => {
  it('is read with its unit', () => {
    expect(['64KiB', '512MiB', '1.5GiB', '2TiB'].map(parseSize)).toEqual([65_536, 2 ** 29, 1.5 * 2 ** 30, 2 ** 41]);
  });

  it.each(['', '5', '5 gigabytes', '0KiB', '-1MiB', '1 GiB', '9999999TiB'])('is not %j', (text) => {
    expect(() => parseSize(text)).toThrow(InvalidArgumentError);
  });
});

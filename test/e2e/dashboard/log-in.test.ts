import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { World, waitFor } from '../processes.js';
import { axeFaults } from './browser.js';
import { searchFile, setBrowser, submit } from './stage.js';

/* Logging in, with a real browser and a coordinator that speaks TLS. */

const browser = setBrowser();
let world: World;
let address: string;
beforeEach(async () => {
  world = new World();
  await world.run('init-tls', '--host', 'localhost');
  const tls = ['--tls-cert', 'tls/coordinator.crt', '--tls-key', 'tls/coordinator.key'];
  const coordinator = await world.coordinator('--http', '127.0.0.1:0', ...tls);
  address = `https://${coordinator.output().match(/"dashboard":"([^"]+)"/)?.[1]}`;
  world.access = { ASSAY_CA: 'tls/ca.crt', ASSAY_TOKEN_FILE: 'state/admin.token' };
}, 60_000);
afterEach(() => world.close());

const secret = (file: string): string => readFileSync(path.join(world.folder, file), 'utf8').trim();

/** A page of a browser that trusts the certificate, whose authority it cannot be told. */
async function open(token?: string) {
  const context = await browser().newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(address);
  if (token !== undefined) {
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Log in' }).click();
  }
  return { context, page };
}

async function token(role: string, name: string): Promise<string> {
  const { code, stdout, stderr } = await world.run('token', 'create', '--role', role, '--name', name);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return stdout.trim();
}

describe('the log-in page', () => {
  it('shows nothing to who has no token, says why a wrong one is refused, and lets a right one in until the log-out', async () => {
    const { page, context } = await open();
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    const accessible = await (await browser().newContext({ ignoreHTTPSErrors: true, bypassCSP: true })).newPage();
    await accessible.goto(address);
    await accessible.getByRole('heading', { name: 'Log in' }).waitFor();
    expect(await axeFaults(accessible)).toEqual([]);
    await page.getByLabel('Token').fill(`assay_${'x'.repeat(43)}`);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('alert').getByText('the token is not known here').waitFor();

    const admin = secret('state/admin.token');
    await page.getByLabel('Token').fill(admin);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('No study yet.').waitFor();
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ name: '__Host-assay', httpOnly: true, secure: true, sameSite: 'Strict', path: '/' });
    expect(cookie?.value).not.toBe(admin);
    expect(
      await page.evaluate('document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage })'),
    ).not.toContain(admin);

    await page.reload();
    await page.getByText('No study yet.').waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    expect(await context.cookies()).toEqual([]);
    const again = await context.request.get(`${address}/api/studies`, {
      headers: { cookie: `__Host-assay=${cookie?.value}` },
    });
    expect(again.status()).toBe(401);
  });

  it('offers no control to who may only look, and none of an admin to who may submit', async () => {
    world.worker('w', '--slots', '1');
    await submit({ world }, 'steered', searchFile('steered', 10_000, 100));
    const looks = await open(await token('view', 'looker'));
    await looks.page.goto(`${address}/studies/steered`);
    await looks.page.getByText('looker (view)').waitFor();
    await looks.page.getByRole('link', { name: 'CSV' }).waitFor();
    expect(await looks.page.getByRole('button', { name: /^(Pause|Budget|Enqueue|Stop)$/ }).count()).toBe(0);
    expect(await looks.page.getByRole('link', { name: 'Submit' }).count()).toBe(0);

    const steers = await open(await token('submit', 'steerer'));
    await steers.page.goto(`${address}/studies/steered`);
    await steers.page.getByRole('button', { name: 'Stop' }).click();
    await steers.page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click();
    await steers.page.locator('.study-head').getByText('finished', { exact: true }).waitFor();
    expect(await steers.page.getByRole('button', { name: 'Delete' }).count()).toBe(0);
    await steers.page.getByRole('link', { name: 'Workers' }).click();
    await steers.page.getByRole('heading', { name: 'w', exact: true }).waitFor();
    expect(await steers.page.getByRole('button', { name: 'Drain' }).count()).toBe(0);
  });

  it('comes back, and the stream of events ends, when the token is revoked', async () => {
    const { page } = await open(await token('view', 'leaver'));
    await page.getByText('No study yet.').waitFor();
    expect((await world.run('token', 'revoke', 'leaver')).code).toBe(0);
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
  });

  it('takes no change that another site asks for', async () => {
    const { page, context } = await open(secret('state/admin.token'));
    await page.getByText('No study yet.').waitFor();
    const post = (headers: Record<string, string>) =>
      context.request.post(`${address}/api/studies`, { headers, data: { spec: 'name: x' } });
    expect((await post({})).status()).toBe(403);
    expect((await post({ 'x-assay-change': '1', origin: 'https://evil.example' })).status()).toBe(403);
    expect((await post({ 'x-assay-change': '1' })).status()).toBe(400);
    expect((await context.request.get(address)).headers()['content-security-policy']).toContain("script-src 'self';");
  });
});

describe('a coordinator that lets everybody in', () => {
  it('says so on every page', async () => {
    await world.stop();
    world.access = {};
    const running = world.start(
      'coordinator',
      '--listen',
      '0.0.0.0:0',
      '--http',
      '127.0.0.1:0',
      '--insecure',
      '--state',
      'open',
    );
    const at = await waitFor('the dashboard', () => running.output().match(/"dashboard":"([^"]+)"/)?.[1]);
    expect(running.output()).toMatch(/insecure: anyone who reaches these/);
    const page = await (await browser().newContext()).newPage();
    for (const place of ['/', '/workers', '/submit']) {
      await page.goto(`http://${at}${place}`);
      await page.getByText('Insecure:').waitFor();
    }
  });
});

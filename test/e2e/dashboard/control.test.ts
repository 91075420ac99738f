import { describe, expect, it } from 'vitest';
import { addressOf, type BoardJson, finish, rows, searchFile, setStage, submit } from './stage.js';

const stage = setStage();

describe('what can be done with a study', () => {
  it('is paused, resumed, extended, shared, added to and stopped; what cannot be undone asks once', async () => {
    const { page, world, faults } = stage;
    world.worker('w', '--slots', '2');
    await submit(stage, 'steered', searchFile('steered', 10_000, 200));
    await page.goto(`${addressOf(stage)}/studies/steered`);
    const head = page.locator('.study-head');
    const dialog = page.getByRole('dialog');
    await head.getByRole('button', { name: 'Pause' }).click();
    await head.getByText('paused', { exact: true }).waitFor();
    await head.getByRole('button', { name: 'Resume' }).click();
    await head.getByText('running', { exact: true }).waitFor();
    await head.getByRole('button', { name: 'Budget' }).click();
    await page.getByLabel('trials in all').fill('9000');
    await page.getByLabel('at a time').fill('1');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('/ 9,000').waitFor();
    await page.getByText('1 at a time').waitFor();
    await head.getByText(/\b1 running\b/).waitFor();
    await head.getByRole('button', { name: 'Enqueue' }).click();
    await page.getByLabel('lr').fill('7');
    await dialog.getByRole('button', { name: 'Enqueue' }).click();
    await dialog.getByRole('alert').waitFor();
    await page.getByLabel('lr').fill('0.9999');
    await dialog.getByRole('button', { name: 'Enqueue' }).click();
    await rows(stage).filter({ hasText: '0.9999' }).waitFor();
    await head.getByRole('button', { name: 'Stop' }).click();
    await dialog.getByText('starts nothing more').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await head.getByText('running', { exact: true }).waitFor();
    await head.getByRole('button', { name: 'Stop' }).click();
    await dialog.getByRole('button', { name: 'Stop' }).click();
    await head.getByText('finished', { exact: true }).waitFor();
    expect(faults).toEqual([]);
  });

  it('is deleted once it has finished', async () => {
    const { page, world } = stage;
    await finish(stage, 'doomed', 3);
    await page.goto(`${addressOf(stage)}/studies/doomed`);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByText('gone for good').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No study yet.').waitFor();
    expect(await world.json('studies', '--json')).toEqual([]);
  });
});

describe('what can be done with a trial', () => {
  it('is invalidated and leaves the ranking', async () => {
    const { page, world } = stage;
    await finish(stage, 'ranked', 6);
    await page.goto(`${addressOf(stage)}/studies/ranked`);
    await rows(stage).nth(5).waitFor();
    const best = await rows(stage).first().locator('div').nth(1).textContent();
    await rows(stage).first().click();
    await page.getByRole('complementary').getByRole('button', { name: 'Invalidate' }).click();
    await page.getByRole('dialog').getByText("leaves the ranking and the sampler's history").waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Invalidate' }).click();
    await page.locator('.board-trial.invalidated').waitFor();
    expect(await rows(stage).first().locator('div').nth(1).textContent()).not.toBe(best);
    const board = await world.json<BoardJson>('leaderboard', '--json');
    expect(board.rows.map(({ trial }) => trial.number)).not.toContain(Number(best));
  });

  it('is stopped, and trained again with its seed', async () => {
    const { page, world } = stage;
    world.worker('w', '--slots', '1');
    await submit(stage, 'slow', searchFile('slow', 2, 60_000));
    await page.goto(`${addressOf(stage)}/studies/slow?trial=0`);
    const panel = page.getByRole('complementary');
    await panel.getByText('running').first().waitFor();
    await panel.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('dialog').getByText('ends now and counts as pruned').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click();
    await panel.getByText('pruned').first().waitFor();
    await panel.getByRole('button', { name: 'Train again' }).click();
    await rows(stage).filter({ hasText: '↻0' }).waitFor();
    const { trials } = await trialsOf('slow');
    const again = trials.find(({ rerunOf }) => rerunOf === 0)!;
    expect(again.seed).toBe(trials[0]!.seed);
  });
});

function trialsOf(study: string): Promise<{ trials: { number: number; rerunOf: number | null; seed: number }[] }> {
  return stage.world.json('trials', study, '--json');
}

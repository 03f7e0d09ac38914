import { expect, it } from 'vitest';
import { quietPort } from './ports.ts';

it('gives ports on which one can listen, below those of the system, and none twice', async () => {
  const ports: number[] = [];
  for (let i = 0; i < 100; i += 1) ports.push(await quietPort(i % 2 === 0 ? 'nodes' : 'servers'));
  expect(new Set(ports).size).toBe(ports.length);
  for (const port of ports) expect(port).toBeLessThan(22_000);
});

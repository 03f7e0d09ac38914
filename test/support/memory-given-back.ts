import { memoryHooks } from '../../src/compare/wire/memory.ts';

/** No text of the tests, nor of the protocol. Others each time: what both servers sent must not become alike. */
const foreign = [0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf];
let times = 0;

/** Memory of replies that is given back is overwritten: a comparison that still used it would compare what nobody sent. */
memoryHooks.onGivenBack = (memory) => memory.fill(foreign[times++ % foreign.length]!);

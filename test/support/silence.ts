import type { News } from '../../src/store/news.ts';

/** Nobody tells of anything: what watches has to look by itself. */
export const silence: News = { watch: () => ({ close: async () => undefined }) };

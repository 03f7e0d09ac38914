import { until } from './until.ts';

/** A process that has just started on a busy machine sheds load: nothing was done, and it asks to be tried again. */
export const patiently = (send: () => Promise<Response>): Promise<Response> =>
  until(
    async () => {
      const response = await send();
      const isShed = response.status === 503 && (await response.clone().text()).includes('"overloaded"');
      return isShed ? null : response;
    },
    { withinMs: 280_000, everyMs: 250, what: 'a reply that is not `overloaded`' },
  );

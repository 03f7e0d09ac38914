/** What schemas of answers are made of. They are described once: REST, the command line and the dashboard derive from them. */
import Type, { type Static, type TSchema } from 'typebox';

type Frozen<T> = T extends string ? T : T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T;

/** The data that a schema describes. Nobody changes what was answered or stored, so all of it is read-only. */
export type Of<S extends TSchema> = Frozen<Static<S>>;

/** Milliseconds since the epoch. */
export const Time = (description: string) =>
  Type.Number({ description: `${description} Milliseconds since the epoch.` });

export const Nullable = <T extends TSchema>(schema: T, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description });

export const NullableTime = (description: string) => Nullable(Time(description));

/** Facts behind a text: numbers, codes, names. */
export const Facts = Type.Record(Type.String(), Type.Unknown());

/** Something that the service says, with the code and the facts from which it is made again for another reader. */
export const Said = Type.Object({ code: Type.String(), facts: Facts, text: Type.String() });

export const PageOf = <T extends TSchema>(item: T) =>
  Type.Object({
    items: Type.Array(item),
    nextCursor: Nullable(
      Type.String(),
      'Pass it as `cursor` for the next page; null = this was the last one.',
    ),
  });

/** A page of what is counted by a seq. */
export const SeqPageOf = <T extends TSchema>(item: T) =>
  Type.Object({
    items: Type.Array(item),
    nextAfter: Nullable(
      Type.Integer(),
      'Pass it as `after` for the next page; null = there are no more now.',
    ),
  });

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** Option of a schema whose texts are copied from elsewhere, such as lines of a log: they may hold control characters. */
export const copiedTexts = 'x-copied-texts';

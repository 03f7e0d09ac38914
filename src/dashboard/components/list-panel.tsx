import { Button } from '@mantine/core';
import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useMessages } from '../i18n.tsx';
import { ErrorNotice, Loading } from './parts.tsx';
import { Scrollable } from './scrollable.tsx';
import { TableHead } from './table-head.tsx';

interface Pages<T> {
  readonly pages: readonly { readonly items: readonly T[] }[];
}

/** A list that is read page by page: a table, or words about what it would show. */
export function ListPanel<T extends { readonly id: string }>({
  list,
  label,
  columns,
  row,
  none,
}: {
  readonly list: UseInfiniteQueryResult<Pages<T>>;
  readonly label: string;
  readonly columns: readonly string[];
  readonly row: (item: T) => ReactNode;
  /** Shown while the list is empty. */
  readonly none: ReactNode;
}) {
  const t = useMessages();
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      {list.isPending && <Loading />}
      {list.isError && !list.data && <ErrorNotice error={list.error} onRetry={() => void list.refetch()} />}
      {list.data && items.length === 0 && <div className="panel empty big">{none}</div>}
      {items.length > 0 && (
        <div className="panel">
          <Scrollable label={label}>
            <table className="table history-table">
              <TableHead columns={columns} />
              <tbody>{items.map(row)}</tbody>
            </table>
          </Scrollable>
        </div>
      )}
      {list.hasNextPage && (
        <Button size="xs" variant="default" onClick={() => void list.fetchNextPage()}>
          {t.common.more}
        </Button>
      )}
    </>
  );
}

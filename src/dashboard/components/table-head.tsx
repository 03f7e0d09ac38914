/** The names of the columns of a table. */
export function TableHead({
  columns,
  unnamed = false,
}: {
  readonly columns: readonly string[];
  /** Whether a column without a name stands at the end, as for buttons. */
  readonly unnamed?: boolean;
}) {
  return (
    <thead>
      <tr>
        {columns.map((column) => (
          <th key={column} scope="col">
            {column}
          </th>
        ))}
        {unnamed && <td />}
      </tr>
    </thead>
  );
}

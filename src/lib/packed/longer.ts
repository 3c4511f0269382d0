/** A typed array of twice the length, with the same beginning. */
export function longer<List extends Float64Array | Uint8Array | Uint32Array | Int32Array>(list: List): List {
  const copy = new (list.constructor as new (length: number) => List)(list.length * 2)
  copy.set(list)
  return copy
}

// The difference of two lists, and one text's change carried over into another.

/** Old items from a0 to a1 became new items from b0 to b1. @typedef {[number, number, number, number]} Hunk */

const LARGEST = 400_000 // cells of the table; past that, all between the equal ends is one hunk

/**
 * @template T
 * @param {ArrayLike<T>} a
 * @param {ArrayLike<T>} b
 * @param {(x: T, y: T) => boolean} same
 * @returns {Hunk[]} by a longest common subsequence
 */
export function hunks(a, b, same = (x, y) => x === y) {
  let start = 0
  while (start < a.length && start < b.length && same(a[start], b[start])) start++
  let [endA, endB] = [a.length, b.length]
  while (endA > start && endB > start && same(a[endA - 1], b[endB - 1])) {
    endA--
    endB--
  }
  if (start === endA && start === endB) return []
  const [rows, columns] = [endA - start, endB - start]
  if (rows * columns > LARGEST) return [[start, endA, start, endB]]
  const longest = table(rows, columns, (i, j) => same(a[start + i], b[start + j]))
  /** @type {Hunk[]} */
  const found = []
  let [i, j] = [0, 0]
  /** @type {Hunk|null} */
  let open = null
  while (i < rows || j < columns) {
    if (i < rows && j < columns && same(a[start + i], b[start + j])) {
      open = null
      i++
      j++
      continue
    }
    if (!open) found.push((open = [start + i, start + i, start + j, start + j]))
    if (j >= columns || (i < rows && longest[i + 1][j] >= longest[i][j + 1])) {
      i++
      open[1]++
    } else {
      j++
      open[3]++
    }
  }
  return found
}

function table(rows, columns, same) {
  const longest = Array.from({ length: rows + 1 }, () => new Uint16Array(columns + 1))
  for (let i = rows - 1; i >= 0; i--) {
    for (let j = columns - 1; j >= 0; j--) {
      longest[i][j] = same(i, j) ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1])
    }
  }
  return longest
}

/**
 * Put the change from `before` to `after`, two texts by one writer, into an author's text of the same meaning.
 * @param {string} author
 * @param {string} before
 * @param {string} after
 */
export function carry(author, before, after) {
  if (author === before) return after
  const [start, end] = changedMiddle(before, after)
  const alignment = hunks(before, author)
  const from = aligned(alignment, start, false)
  const to = Math.max(from, aligned(alignment, before.length - end, true))
  return author.slice(0, from) + after.slice(start, after.length - end) + author.slice(to)
}

/** How many items two lists share at their start and, apart from those, at their end. */
export function changedMiddle(a, b) {
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  return [start, end]
}

function aligned(alignment, place, isEnd) {
  let shift = 0
  for (const [b0, b1, a0, a1] of alignment) {
    if (place < b0 || (place === b0 && !isEnd)) break
    if (place < b1) return isEnd ? a1 : a0
    shift = a1 - b1
  }
  return place + shift
}

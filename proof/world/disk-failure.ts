/** The error of the file system that has this code, such as `ENOENT`. */
export function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, path })
}

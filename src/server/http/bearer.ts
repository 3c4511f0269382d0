/** The key in an `Authorization` header of bearer tokens; undefined where there is none. */
export function bearerKey(header: (name: string) => string | undefined): string | undefined {
  return /^Bearer\s+(\S.*)$/i.exec(header('authorization') ?? '')?.[1]
}

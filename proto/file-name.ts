/** Parts of letters, digits, ".", "_" and "-" between single slashes, none beginning with a dot. */
const FILE_NAME = /^(?!.*(^|\/)\.)[A-Za-z0-9._-]{1,100}(\/[A-Za-z0-9._-]{1,100}){0,15}$/;

/** Whether a file that was saved may be called so: nothing that leads out of a folder, on any system. */
export function isFileName(name: string): boolean {
  return FILE_NAME.test(name);
}

export const schemaPath: string;
export const operationsPath: string;
export const outputPath: string;
export function listOperationFiles(folder?: string): Promise<string[]>;
export function generate(): Promise<Map<string, string>>;
export function findStaleFiles(): Promise<string[]>;

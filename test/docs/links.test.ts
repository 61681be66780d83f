import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DOCUMENTS = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT });

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
}

/** The anchors that a web view makes of the headings. */
function anchorsOf(file: string): Set<string> {
  const headings = [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

for (const file of DOCUMENTS) {
  test(`the links of ${file} lead somewhere`, () => {
    const links = [...read(file).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    const broken = links.flatMap(([, path = '', anchor]) => {
      const target = path === '' ? file : relative(ROOT, join(ROOT, dirname(file), path));
      if (!existsSync(join(ROOT, target))) return [target];
      return anchor === undefined || anchorsOf(target).has(anchor) ? [] : [`${target}#${anchor}`];
    });
    assert.deepEqual(broken, []);
  });

  test(`the files that ${file} names are there`, () => {
    const named = [...read(file).matchAll(/`((?:src|collectors|storage|test|benchmarks|docs)\/[\w./-]+)`/g)];
    const missing = named.map(([, path = '']) => path).filter((path) => !existsSync(join(ROOT, path)));
    // The next migration, which architecture.md tells how to write.
    assert.deepEqual(
      missing.filter((path) => !path.includes('0002_what_it_does')),
      [],
    );
  });
}

package propose

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// What an image starts, by the last stage of its Dockerfile.
func TestDockerfile(t *testing.T) {
	for text, want := range map[string]string{
		"FROM x\nCMD gunicorn app:app\n":                                        "gunicorn app:app",
		"FROM x\ncmd [\"gunicorn\",\\\n# why\n  \"app:app\"]\n":                 "gunicorn app:app",
		"FROM x\nCMD [\"a\"]\nCMD [\"b\"]":                                      "b",
		"FROM x AS base\nCMD [\"a\"]\nFROM --platform=linux/amd64 base\nRUN x":  "a",
		"FROM x\nCMD a\nFROM y\nRUN x":                                          "",
		"FROM x\nCMD [\"a\"]\nENTRYPOINT [\"b\"]\n":                             "b", // an ENTRYPOINT takes an earlier CMD back
		"FROM x\nENTRYPOINT [\"b\"]\nCMD [\"--c\"]\n":                           "b --c",
		"FROM x\nENTRYPOINT [\"/usr/bin/tini\", \"--\"]\nCMD [\"puma\"]\n":      "puma",
		"FROM x\nENTRYPOINT exec gunicorn app:app\nCMD [\"c\"]\n":               "gunicorn app:app",
		"FROM x\nRUN <<A\nCMD a\nA\nRUN <<-\"B\"\n  CMD b\n  B\nCMD c\n":        "c",
		"# escape=`\nFROM x\nCMD gunicorn `\n  app:app\n":                       "gunicorn app:app",
		"FROM x\nENV PORT 8000\nCMD gunicorn -b :${PORT:-8000} app:app\n":       "gunicorn -b :{port} app:app",
		"FROM x\nCMD [\"bash\", \"-c\", \"exec gunicorn -b :$PORT app:app\"]\n": "gunicorn -b :{port} app:app",
		"FROM x\nONBUILD CMD a\n":                                               "",
		"RUN x\n":                                                               "",
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "Dockerfile"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if f, ok := dir(folder).dockerfile(); !ok || f.Line() != want {
			t.Errorf("%q: %q, want %q (%+v)", text, f.Line(), want, f)
		}
	}
}

// What Compose starts: no shell sees it, $$ is a $, and what is merged in counts.
func TestCompose(t *testing.T) {
	for text, want := range map[string]string{
		"services: {web: {command: gunicorn app:app}}":                               "gunicorn app:app",
		"services: {web: {command: [gunicorn, 'app:app']}}":                          "gunicorn app:app",
		"services: {db: {image: x, command: a}, web: {command: b}}":                  "b",
		"services: {db: {image: x}, shop: {build: ., command: b}}":                   "b",
		"services: {web: {entrypoint: [b]}}":                                         "b",
		"services: {web: {build: .}}":                                                "",
		"services: {web: {command: [sh, -c, 'exec gunicorn -b :$${PORT} app:app']}}": "gunicorn -b :{port} app:app",
		"x-app: &app {command: b}\nservices: {web: {<<: *app, build: .}}":            "b",
		"x-app: &app {command: b}\nservices: {web: *app}":                            "b",
		"services: &a {web: *a}":                                                     "",
		"services: {web: {command: \"a 'b\"}}":                                       "",
		"services: [web]":                                                            "",
		"a: b: c":                                                                    "",
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "compose.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if f, ok := dir(folder).compose(); !ok || f.Line() != want {
			t.Errorf("%q: %q, want %q (%+v)", text, f.Line(), want, f)
		}
	}
}

// An app in a module is told from what is none, and is given to a server that can run it.
func TestModule(t *testing.T) {
	for _, tc := range []struct{ file, text, requirements, want string }{
		{"app.py", "app = Flask(__name__)", "", "gunicorn app:app"},
		{"app.py", "app = Flask(__name__)", "uvicorn==0.30\n", "gunicorn app:app"},
		{"main.py", "app: FastAPI = fastapi.FastAPI()", "gunicorn\nhypercorn\n", "uvicorn main:app"},
		{"shop/main.py", "app = FastAPI()", "hypercorn\n", "hypercorn shop.main:app"},
		{"shop/__init__.py", "def create_app():\n    app = Flask(__name__)\n", "", "gunicorn 'shop:create_app()'"},
		{"app.py", "def create_app():\n    pass\n", "waitress>=3\n", "waitress-serve --listen=127.0.0.1:{port} 'app:create_app()'"},
		{"app.py", "def create_app(settings):\n    pass\n", "", ""},
		{"app.py", "    app = Flask(__name__)\n", "", ""},
		{"asgi.py", "application = make_app()\n", "", "uvicorn asgi:application"},
		{"my-app/app.py", "app = Flask(__name__)", "", ""}, // no package has such a name
		{"a\nb: c/app.py", "app = Flask(__name__)", "", ""},
	} {
		folder := t.TempDir()
		path := filepath.Join(folder, tc.file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "requirements.txt"), []byte(tc.requirements), 0o600); err != nil {
			t.Fatal(err)
		}
		if f, _ := dir(folder).module(); f.Line() != tc.want {
			t.Errorf("%s %q, %q: %q, want %q", tc.file, tc.text, tc.requirements, f.Line(), tc.want)
		}
	}
}

// A file that nobody wrote by hand is left alone, and no file keeps anybody waiting.
func TestLookIsBounded(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"Procfile":         strings.Repeat("web: a\n", 1<<18),
		"Dockerfile":       "FROM x\n" + strings.Repeat("RUN a \\\n", 1<<16),
		"compose.yaml":     "services: {" + strings.Repeat("a: {command: b},", 1<<16-10) + "}",
		"package.json":     strings.Repeat("[", 1<<20),
		"manage.py":        strings.Repeat("DJANGO_SETTINGS_MODULE', ", 1<<15),
		"requirements.txt": strings.Repeat("x", 1<<20),
		"app.py":           strings.Repeat("a = b = ", 1<<17),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	found := Look(folder)
	if took := time.Since(start); took > time.Minute { // well over the second that it takes
		t.Errorf("%s", took)
	}
	for _, file := range []string{"Dockerfile", "compose.yaml", "package.json", "manage.py"} {
		if !slices.ContainsFunc(found, func(f Found) bool { return f.File == file }) {
			t.Errorf("%s was not read", file)
		}
	}
	if slices.ContainsFunc(found, func(f Found) bool { return f.File == "Procfile" }) {
		t.Error("a file of 2 MB was read")
	}
}

// Whatever the files are, what is found is bounded, and none of it is a value of a variable.
func FuzzLook(f *testing.F) {
	for _, pattern := range []string{"Procfile", "Dockerfile", "compose.yaml", "package.json", "manage.py"} {
		files, _ := filepath.Glob(filepath.Join("..", "..", "..", "fixtures", "init", "*", pattern))
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		folder := t.TempDir()
		for _, name := range []string{"Procfile", "Dockerfile", "compose.yaml", "package.json", "gunicorn.conf.py", "manage.py", "app.py"} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, found := range Look(folder) {
			if found.Starts() != (len(found.Args()) > 0) || found.Starts() && found.Args()[0] == "" && found.Command != "" {
				t.Errorf("%+v starts %q", found, found.Args())
			}
			if found.File == "" || found.Says == "" || strings.ContainsAny(found.File, "\n") {
				t.Errorf("%+v", found)
			}
		}
	})
}

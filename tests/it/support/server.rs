//! The running program.
use super::{Answer, command, until};
use serde_json::{Value, json};
use std::cell::OnceCell;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use ureq::http::{Method, Request};

/// Arguments of `setpriv` for a user who owns nothing.
pub(crate) const NOBODY: [&str; 3] = ["--reuid=65534", "--regid=65534", "--clear-groups"];
/// Numbers the logs.
static STARTED: AtomicUsize = AtomicUsize::new(0);

/// How the program is to be started.
#[derive(Debug, Default)]
pub(crate) struct Launch {
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
    directory: Option<Arc<TempDir>>,
    largest_file_kib: Option<u32>,
    nobody: bool,
}

impl Launch {
    /// A setting by its environment variable, such as `FAULTS__ENABLED`.
    pub(crate) fn setting(mut self, name: &str, value: &str) -> Self {
        self.environment.push((format!("BELLWETHER__{name}"), value.to_owned()));
        self
    }

    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// On the data of a server that ran before.
    pub(crate) fn on_data_of(mut self, other: &Server) -> Self {
        self.directory = Some(Arc::clone(&other.directory));
        self
    }

    /// No file may grow beyond this: what a full disk looks like, also to root.
    pub(crate) fn largest_file_kib(mut self, kib: u32) -> Self {
        self.largest_file_kib = Some(kib);
        self
    }

    /// As a user who owns nothing, where root runs the tests.
    pub(crate) fn by_nobody(mut self) -> Self {
        self.nobody = true;
        self
    }

    /// Starts it and waits until it is ready.
    #[track_caller]
    pub(crate) fn start(self) -> Server {
        let directory = self.directory.unwrap_or_else(|| Arc::new(tempfile::tempdir().unwrap()));
        let log_path = directory.path().join(format!("server-{}.log", STARTED.fetch_add(1, Ordering::Relaxed)));
        let log = std::fs::File::create(&log_path).unwrap();
        let wrapped = |program: &str, arguments: &[&str]| {
            let mut wrapper = Command::new(program);
            wrapper.args(arguments).arg(env!("CARGO_BIN_EXE_bellwether"));
            wrapper
        };
        let mut command = match self.largest_file_kib {
            _ if self.nobody => wrapped("setpriv", &NOBODY),
            None => command(),
            // `ulimit -f` counts 512 bytes; an ignored SIGXFSZ makes the write fail instead of killing the writer.
            Some(kib) => {
                let limit = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", kib * 2);
                wrapped("sh", &["-c", &limit])
            }
        };
        let data = directory.path().join("data");
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir", data.to_str().unwrap()])
            .args(&self.arguments)
            .env("BELLWETHER__SERVER__WORKERS", "2")
            .env("BELLWETHER__LOG__FORMAT", "json")
            // A busy machine must not pass for a hung actor where none is meant to hang.
            .env("BELLWETHER__SUPERVISION__HEARTBEAT_MS", "5000")
            .envs(self.environment)
            .stdout(Stdio::null())
            .stderr(if self.largest_file_kib.is_some() { Stdio::piped() } else { log.into() });
        let mut child = command.spawn().unwrap();
        if let Some(mut lines) = child.stderr.take() {
            // The limit must not hit the log as well: somebody without it writes it down.
            let mut log = std::fs::File::options().append(true).open(&log_path).unwrap();
            std::thread::spawn(move || std::io::copy(&mut lines, &mut log));
        }
        let mut server = Server {
            child: Some(child),
            url: String::new(),
            agent: agent(Duration::from_secs(30)),
            key: OnceCell::new(),
            log_path,
            directory,
        };
        let address = until("the program is ready", || {
            let ended = server.child.as_mut().and_then(|child| child.try_wait().unwrap());
            assert!(ended.is_none(), "the program ended at once with {ended:?}: {}", server.log());
            server.log_lines().into_iter().find(|line| line["message"] == "ready")
        });
        server.url = format!("http://{}", address["address"].as_str().unwrap());
        server
    }
}

fn agent(timeout: Duration) -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .allow_non_standard_methods(true)
        .timeout_global(Some(timeout))
        .build()
        .into()
}

/// The program, running on a free port with a data directory of its own; killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Option<Child>,
    pub(crate) url: String,
    agent: ureq::Agent,
    key: OnceCell<String>,
    log_path: PathBuf,
    directory: Arc<TempDir>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let lines: Vec<String> = self.log().lines().map(str::to_owned).collect();
            let from = lines.len().saturating_sub(15);
            eprintln!("---- the server's last lines\n{}", lines[from..].join("\n"));
        }
    }
}

impl Server {
    /// With everything at its default.
    #[track_caller]
    pub(crate) fn start() -> Self {
        Launch::default().start()
    }

    /// With faults to inject.
    #[track_caller]
    pub(crate) fn with_faults() -> Self {
        Launch::default().setting("FAULTS__ENABLED", "true").setting("SUPERVISION__HEARTBEAT_MS", "1000").start()
    }

    /// The folder that `--data-dir` names.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Everything logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log_path).unwrap_or_default()
    }

    /// The whole log lines so far.
    pub(crate) fn log_lines(&self) -> Vec<Value> {
        self.log().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The administrator's key that the program made.
    pub(crate) fn admin(&self) -> &str {
        self.key.get_or_init(|| std::fs::read_to_string(self.data().join("admin.key")).unwrap().trim().to_owned())
    }

    /// A client without a key, for another thread.
    pub(crate) fn client(&self) -> Client {
        Client { url: self.url.clone(), agent: self.agent.clone(), key: None }
    }

    /// A client with the administrator's key.
    pub(crate) fn as_admin(&self) -> Client {
        self.client().with_key(self.admin())
    }

    /// A client with a new key of this role.
    #[track_caller]
    pub(crate) fn with_role(&self, name: &str, role: &str) -> Client {
        let made = self.as_admin().post("/admin/keys", &json!({ "name": name, "role": role })).with(201);
        self.client().with_key(made["key"].as_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.client().get(path)
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.client().post(path, body)
    }

    /// One number of `/metrics`, by the start of its line.
    #[track_caller]
    pub(crate) fn metric(&self, series: &str) -> f64 {
        let text = self.get("/metrics").text();
        let line = text.lines().find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')));
        line.unwrap_or_else(|| panic!("no series {series}")).rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// The process's id.
    pub(crate) fn process(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Whether the process lives.
    pub(crate) fn lives(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_none())
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.process())]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> ExitStatus {
        until("the program ends", || self.child.as_mut().unwrap().try_wait().unwrap())
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
        self.child = None;
    }
}

/// Speaks to a server; can go to another thread.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    url: String,
    agent: ureq::Agent,
    key: Option<String>,
}

impl Client {
    pub(crate) fn with_key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }

    #[track_caller]
    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, &[], b"")
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_text(path, &body.to_string())
    }

    /// A body that claims to be JSON.
    #[track_caller]
    pub(crate) fn post_text(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, &[("content-type", "application/json")], body.as_bytes())
    }

    /// Any request.
    #[track_caller]
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.try_ask(method, path, headers, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// Any request; the connection may fail.
    pub(crate) fn try_ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap());
        request = request.uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let asked = format!("{method} {path}");
        let response = if body.is_empty() && !matches!(method, "POST" | "PUT" | "PATCH") {
            self.agent.run(request.body(()).unwrap())?
        } else {
            self.agent.run(request.body(body).unwrap())?
        };
        Ok(Answer::new(asked, response))
    }
}

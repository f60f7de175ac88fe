//! `cargo xtask issuer`: the local issuer alone, for an app that plain `func start` serves.

use std::{fs, net::Ipv4Addr};

use anyhow::Context as _;
use functions_emulator::{
    issuer::{Issuer, IssuerServer},
    users::Users,
};
use project::{AUTHORITY_SETTING, Project};
use tokio::net::TcpListener;

use crate::stop_signals::StopSignals;

/// The port that local.settings.json.example names.
pub(crate) const PORT: u16 = 7072;

const HELP: &str = "\
For plain `func start`: run `cargo xtask func --prepare` once, keep this command in a terminal, and start Core Tools in
another one. local.settings.json, a copy of local.settings.json.example, names this issuer already.";

#[derive(clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// The port to listen on, on loopback only; 0 for any free one.
    #[arg(long, default_value_t = PORT)]
    port: u16,
}

/// A served issuer; it ends when dropped.
pub(crate) struct LocalIssuer {
    url: String,
    _server: IssuerServer,
}

impl LocalIssuer {
    /// Serves the issuer of these users on a port of loopback.
    pub(crate) async fn start(project: &Project, users: &Users, port: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.with_context(|| {
            format!("port {port} is taken, by another `cargo xtask issuer` or `func`: stop that, or choose another port")
        })?;
        let port = listener.local_addr().context("the issuer has no port")?.port();
        let url = format!("http://localhost:{port}");
        let server = IssuerServer::start(Issuer::open(&project.state_folder(), &url, users)?, listener);
        Ok(Self { url, _server: server })
    }

    /// Writes its URL down for `cargo xtask token`.
    pub(crate) fn write_down(&self, project: &Project) -> anyhow::Result<()> {
        fs::create_dir_all(project.state_folder())?;
        fs::write(project.url_file(), &self.url).context("cannot write down where the issuer is")
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What tokens name as their authority.
    pub(crate) fn authority(&self) -> String {
        format!("{}/_emulator/issuer", self.url)
    }

    /// Makes a worker accept the issuer's tokens, and nothing else: Core Tools have no EasyAuth that sets a principal.
    pub(crate) fn settings(&self, users: &Users) -> [(&'static str, String); 4] {
        [
            ("ORDERS_IDENTITY", "jwt".to_owned()),
            ("ORDERS_ENTRA_TENANT_ID", users.tenant().to_string()),
            ("ORDERS_ENTRA_AUDIENCE", users.audience().to_owned()),
            (AUTHORITY_SETTING, self.authority()),
        ]
    }
}

/// Serves until it is stopped.
pub(crate) async fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    let mut stop = StopSignals::listen()?;
    let users = project.users()?;
    let issuer = LocalIssuer::start(project, &users, args.port).await?;
    issuer.write_down(project)?;
    print!("{}", text(&issuer, &users, args.port));
    stop.unless_asked(std::future::pending::<()>()).await;
    Ok(())
}

/// What an app and its callers have to know.
fn text(issuer: &LocalIssuer, users: &Users, port: u16) -> String {
    let names: Vec<&str> = users.iter().map(|user| user.name.as_str()).collect();
    let settings = if port == PORT {
        "as in local.settings.json.example: copy it to local.settings.json, then `func start`".to_owned()
    } else {
        format!("as in local.settings.json.example, but {AUTHORITY_SETTING} is the authority above")
    };
    format!(
        "authority  {}\ntenant     {}\naudience   {}\nsettings   {settings}\ntoken      cargo xtask token NAME, \
         with one of {}\nready: press Ctrl-C to stop\n",
        issuer.authority(),
        users.tenant(),
        users.audience(),
        names.join(", "),
    )
}

//! The logins of the two apps, on a real PostgreSQL; Azure's own function is stood in for.

mod postgres {
    use sqlx::{Connection as _, Executor as _, PgConnection};
    use test_servers::{Database, Postgres};

    const SCRIPT: &str = include_str!("../../../infra/scripts/logins.sql");

    /// As Azure's: makes the login, and refuses a second of the name.
    const STAND_IN: &str = r"
        CREATE FUNCTION pgaadauth_create_principal_with_oid(
            name text, object_id text, object_type text, is_admin boolean, is_mfa boolean) RETURNS text
        LANGUAGE plpgsql AS $$
        BEGIN
            IF object_type <> 'service' OR is_admin OR is_mfa THEN
                RAISE EXCEPTION 'no such principal is wanted here';
            END IF;
            EXECUTE format('CREATE ROLE %I LOGIN', name);
            RETURN 'Created role for ' || name;
        END
        $$";

    /// As `orders-worker migrate` makes them.
    const ROLES: &str = include_str!("../../../src/store/postgres/roles.sql");

    const ID: &str = "55555555-5555-4555-8555-555555555555";

    struct Given {
        _database: Database,
        connection: PgConnection,
        name: String,
    }

    impl Given {
        async fn new(what: &str) -> Self {
            let server = Postgres::shared().unwrap_or_else(|error| panic!("{error}"));
            let database = server.database().await.expect("PostgreSQL answers");
            let mut connection = PgConnection::connect(&database.url()).await.expect("PostgreSQL answers");
            connection.execute(ROLES).await.expect("PostgreSQL answers");
            connection.execute(STAND_IN).await.expect("PostgreSQL answers");
            // Logins are of the whole server, which other tests share, and a name may need quotes.
            let asked = "SELECT $1 || ' \"' || substr(md5(current_database()), 1, 8) || '\"'";
            let name = sqlx::query_scalar(asked)
                .bind(what)
                .fetch_one(&mut connection)
                .await
                .expect("PostgreSQL answers");
            Self { _database: database, connection, name }
        }

        async fn run(&mut self, object_id: &str) -> Result<(), sqlx::Error> {
            let set = "SELECT set_config('logins.api_name', $1 || ' api', false), \
                set_config('logins.processor_name', $1 || ' processor', false), \
                set_config('logins.api_id', $2, false), set_config('logins.processor_id', $2, false), \
                set_config('logins.database', current_database(), false)";
            sqlx::query(set).bind(&self.name).bind(object_id).execute(&mut self.connection).await?;
            sqlx::raw_sql(SCRIPT).execute(&mut self.connection).await?;
            Ok(())
        }

        async fn is_member(&mut self, app: &str, role: &str) -> bool {
            let asked = "SELECT pg_has_role($1 || ' ' || $2, $3, 'member')";
            let asked = sqlx::query_scalar(asked).bind(&self.name).bind(app).bind(role);
            asked.fetch_one(&mut self.connection).await.expect("PostgreSQL answers")
        }

        async fn may_connect(&mut self, app: &str) -> bool {
            let asked = "SELECT has_database_privilege($1 || ' ' || $2, current_database(), 'CONNECT')";
            sqlx::query_scalar(asked)
                .bind(&self.name)
                .bind(app)
                .fetch_one(&mut self.connection)
                .await
                .expect("PostgreSQL answers")
        }
    }

    #[tokio::test]
    async fn each_identity_gets_its_own_role_and_not_the_others() {
        let mut given = Given::new("each").await;
        for _ in 0..2 {
            given.run(ID).await.expect("PostgreSQL answers");
            assert!(given.is_member("api", "orders_api").await);
            assert!(!given.is_member("api", "orders_processor").await);
            assert!(given.is_member("processor", "orders_processor").await);
            assert!(!given.is_member("processor", "orders_api").await);
            assert!(given.may_connect("api").await && given.may_connect("processor").await);
        }
    }

    #[tokio::test]
    async fn a_role_that_an_identity_should_not_have_is_taken_away() {
        let mut given = Given::new("more").await;
        given.run(ID).await.expect("PostgreSQL answers");
        let grant = "DO $$ BEGIN \
            EXECUTE format('GRANT orders_processor TO %I', current_setting('logins.api_name')); END $$";
        given.connection.execute(grant).await.expect("PostgreSQL answers");
        assert!(given.is_member("api", "orders_processor").await);
        given.run(ID).await.expect("PostgreSQL answers");
        assert!(!given.is_member("api", "orders_processor").await);
    }

    #[tokio::test]
    async fn a_stranger_may_not_connect_and_a_wrong_id_makes_no_login() {
        let mut given = Given::new("stranger").await;
        let refused = given.run("everyone").await.unwrap_err();
        assert!(refused.to_string().contains("give the principal id"), "{refused}");
        given.run(ID).await.expect("PostgreSQL answers");
        let stranger = "DO $$ BEGIN CREATE ROLE nobody_in_particular LOGIN; \
            EXCEPTION WHEN duplicate_object THEN NULL; END $$";
        given.connection.execute(stranger).await.expect("PostgreSQL answers");
        let asked = "SELECT has_database_privilege('nobody_in_particular', current_database(), 'CONNECT')";
        let may: bool =
            sqlx::query_scalar(asked).fetch_one(&mut given.connection).await.expect("PostgreSQL answers");
        assert!(!may);
    }
}
